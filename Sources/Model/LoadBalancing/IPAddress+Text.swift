extension IPAddress {
    /// Reads a numeric address: four decimal octets without leading zeros, or any RFC 4291 IPv6 form.
    ///
    /// Zone identifiers, prefixes, octal octets and host names are refused.
    package init?(_ text: some StringProtocol) {
        self.init(bytes: Array(String(text).utf8)[...])
    }

    /// Reads the ASCII bytes of a numeric address.
    init?(bytes: ArraySlice<UInt8>) {
        var bytes = bytes
        if bytes.contains(UInt8(ascii: ":")) {
            guard let address = Self.parseV6(&bytes) else { return nil }
            self = address
        } else {
            guard let value = Self.parseV4(&bytes), bytes.isEmpty else { return nil }
            self.init(v4: value)
        }
    }

    private static func parseV4(_ bytes: inout ArraySlice<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        for octetIndex in 0..<4 {
            if octetIndex > 0 {
                guard bytes.popFirst() == UInt8(ascii: ".") else { return nil }
            }
            guard let octet = parseOctet(&bytes) else { return nil }
            value = value << 8 | octet
        }
        return value
    }

    private static func parseOctet(_ bytes: inout ArraySlice<UInt8>) -> UInt32? {
        var octet: UInt32 = 0
        var digits = 0
        while let byte = bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            // "010" is eight to some programs and ten to others: refuse what is ambiguous.
            guard digits < 3, !(digits == 1 && octet == 0) else { return nil }
            octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
            digits += 1
            bytes.removeFirst()
        }
        return digits > 0 && octet <= 255 ? octet : nil
    }

    private static func parseV6(_ bytes: inout ArraySlice<UInt8>) -> IPAddress? {
        var groups: [UInt16] = []
        var gap: Int?
        if bytes.starts(with: "::".utf8) {
            gap = 0
            bytes.removeFirst(2)
        }
        while !bytes.isEmpty {
            guard groups.count < 8 else { return nil }
            var embedded = bytes
            if groups.count <= 6, bytes.contains(UInt8(ascii: ".")), let v4 = parseV4(&embedded), embedded.isEmpty {
                groups.append(UInt16(v4 >> 16))
                groups.append(UInt16(v4 & 0xFFFF))
                break
            }
            guard let group = parseGroup(&bytes) else { return nil }
            groups.append(group)
            if bytes.isEmpty { break }
            guard bytes.popFirst() == UInt8(ascii: ":") else { return nil }
            if bytes.first == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups.count
                bytes.removeFirst()
            } else if bytes.isEmpty {
                return nil
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        return IPAddress(
            v6High: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
            low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
    }

    private static func parseGroup(_ bytes: inout ArraySlice<UInt8>) -> UInt16? {
        var group: UInt16 = 0
        var digits = 0
        while let byte = bytes.first, let digit = hexDigit(byte) {
            guard digits < 4 else { return nil }
            group = group << 4 | digit
            digits += 1
            bytes.removeFirst()
        }
        return digits > 0 ? group : nil
    }

    private static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text: dotted decimal, or RFC 5952 for IPv6.
    package var description: String {
        family == .ipv4 ? dottedDecimal(v4Value) : compressedV6()
    }

    private func dottedDecimal(_ value: UInt32) -> String {
        "\(value >> 24).\(value >> 16 & 0xFF).\(value >> 8 & 0xFF).\(value & 0xFF)"
    }

    private func compressedV6() -> String {
        if high == 0, low >> 32 == 0xFFFF { return "::ffff:" + dottedDecimal(v4Value) }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64((3 - index % 4) * 16))
        }
        guard let gap = Self.longestZeroRun(groups) else { return Self.joined(groups[...]) }
        return Self.joined(groups[..<gap.lowerBound]) + "::" + Self.joined(groups[gap.upperBound...])
    }

    private static func joined(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    /// The first longest run of two or more zero groups (RFC 5952, 4.2).
    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
        var longest = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > longest.count { longest = start..<index }
            start = index + 1
        }
        return longest.count >= 2 ? longest : nil
    }
}

extension IPAddress {
    /// Reads an address of a Kubernetes object (`ParseIPSloppy` in k8s.io/utils/net): zeros in front of an octet do not
    /// count, and `::ffff:192.0.2.1` is the IPv4 address.
    package init?(kubernetes text: String) {
        guard let address = IPAddress(text.contains(":") ? text : Self.withoutLeadingZeros(text)) else { return nil }
        self = address.unmapped ?? address
    }

    /// The IPv4 address that an IPv6 one stands for; `nil` for any other.
    fileprivate var unmapped: IPAddress? {
        guard family == .ipv6, high == 0, low >> 32 == 0xFFFF else { return nil }
        return IPAddress(v4: UInt32(truncatingIfNeeded: low))
    }

    fileprivate static func withoutLeadingZeros(_ text: String) -> String {
        guard text.contains("0") else { return text }
        return text.split(separator: ".", omittingEmptySubsequences: false).map { octet in
            let digits = octet.drop { $0 == "0" }
            return digits.isEmpty && !octet.isEmpty ? "0" : String(digits)
        }.joined(separator: ".")
    }
}

extension IPPrefix {
    /// Reads a network of a Kubernetes object (`ParseCIDRSloppy`): blanks around it do not count, zeros in front of an
    /// octet neither, and `::ffff:192.0.2.0/120` is the IPv4 network. An address alone is a network of one.
    package init?(kubernetes text: String) {
        let parts = text.filter { !$0.isWhitespace }.split(
            separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first else { return nil }
        let address = first.contains(":") ? String(first) : IPAddress.withoutLeadingZeros(String(first))
        guard let network = IPPrefix(parts.count == 2 ? "\(address)/\(parts[1])" : address) else { return nil }
        guard network.length >= 96, let unmapped = network.address.unmapped else {
            self = network
            return
        }
        self.init(unmapped, length: network.length - 96)
    }
}
