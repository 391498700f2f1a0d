internal import LoadBalancing

/// Walks through one line of a listing.
struct ListingCursor: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// Passes over a text if it comes next.
    mutating func skip(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        for offset in 0..<count where bytes[position + offset] != text.utf8Start[offset] { return false }
        position += count
        return true
    }

    /// Passes over one space or more.
    mutating func skipSpaces() -> Bool {
        let start = position
        while position < bytes.count, bytes[position] == UInt8(ascii: " ") { position += 1 }
        return position > start
    }

    /// What comes before the next space, or the end.
    mutating func word() -> [UInt8] {
        var word: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: " ") {
            word.append(bytes[position])
            position += 1
        }
        return word
    }

    /// Digits, at most ten.
    mutating func decimal() -> UInt64? {
        var value: UInt64 = 0
        let start = position
        while position < bytes.count, position < start + 10, let digit = hexadecimalDigit(at: position), digit < 10 {
            value = value * 10 + digit
            position += 1
        }
        return position > start ? value : nil
    }

    /// Exactly so many hexadecimal digits.
    mutating func hexadecimal(digits: Int) -> UInt64? {
        guard position + digits <= bytes.count else { return nil }
        var value: UInt64 = 0
        for index in position..<(position + digits) {
            guard let digit = hexadecimalDigit(at: index) else { return nil }
            value = value << 4 | digit
        }
        position += digits
        return value
    }

    /// `C0000201:0050`, or `[2001:0db8:0000:0000:0000:0000:0000:0001]:0050`.
    mutating func endpoint() -> Endpoint? {
        let address: IPAddress
        if skip("[") {
            guard let high = groups(), skip(":"), let low = groups(), skip("]") else { return nil }
            address = IPAddress(v6High: high, low: low)
        } else {
            guard let number = hexadecimal(digits: 8) else { return nil }
            address = IPAddress(v4: UInt32(number))
        }
        guard skip(":"), let port = hexadecimal(digits: 4) else { return nil }
        return Endpoint(address, port: UInt16(port))
    }

    /// Half of an IPv6 address: four groups of four digits.
    private mutating func groups() -> UInt64? {
        var value: UInt64 = 0
        for group in 0..<4 {
            guard group == 0 || skip(":"), let part = hexadecimal(digits: 4) else { return nil }
            value = value << 16 | part
        }
        return value
    }

    private func hexadecimalDigit(at index: Int) -> UInt64? {
        switch bytes[index] {
        case let byte where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case let byte where byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "F"):
            UInt64(byte - UInt8(ascii: "A") + 10)
        case let byte where byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f"):
            UInt64(byte - UInt8(ascii: "a") + 10)
        default: nil
        }
    }
}
