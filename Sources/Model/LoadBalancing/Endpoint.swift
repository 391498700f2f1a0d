/// An address and a port, the port in host byte order.
package struct Endpoint: Hashable, Sendable, Comparable {
    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.address == right.address ? left.port < right.port : left.address < right.address
    }
}

extension Endpoint: CustomStringConvertible {
    /// `10.0.0.1:80` or `[2001:db8::1]:80`.
    package var description: String {
        address.family == .ipv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }

    /// Reads `10.0.0.1:80` or `[2001:db8::1]:80`; the port is required.
    package init?(_ text: some StringProtocol) {
        // Bytes of a concrete type: generic characters cost ten times as much, and a table has 50,000 endpoints.
        let bytes = Array(String(text).utf8)
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), let port = Self.port(bytes[(colon + 1)...]) else {
            return nil
        }
        var host = bytes[..<colon]
        let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]")
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let address = IPAddress(bytes: host), (address.family == .ipv6) == isBracketed else { return nil }
        self.init(address, port: port)
    }

    /// Decimal digits, with leading zeros as they may be.
    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard !digits.isEmpty else { return nil }
        var port: UInt32 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            port = port * 10 + UInt32(digit - UInt8(ascii: "0"))
            guard port <= UInt16.max else { return nil }
        }
        return UInt16(port)
    }
}
