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
