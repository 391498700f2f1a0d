/// What identifies a virtual server in the kernel: protocol, address and port, or a firewall mark and a family.
package enum VirtualServerKey: Hashable, Sendable {
    case endpoint(TransportProtocol, Endpoint)
    /// The mark is never 0, which the kernel takes for "no mark".
    case firewallMark(UInt32, AddressFamily)

    package var family: AddressFamily {
        switch self {
        case .endpoint(_, let endpoint): endpoint.address.family
        case .firewallMark(_, let family): family
        }
    }

    /// The transport protocol; `nil` for a firewall mark, which may carry several.
    package var transportProtocol: TransportProtocol? {
        switch self {
        case .endpoint(let transportProtocol, _): transportProtocol
        case .firewallMark: nil
        }
    }

    /// The port in host byte order; 0 for a firewall mark and for "every port".
    package var port: UInt16 {
        switch self {
        case .endpoint(_, let endpoint): endpoint.port
        case .firewallMark: 0
        }
    }
}

extension VirtualServerKey: Comparable {
    /// Addresses before firewall marks; addresses by address, port, protocol; marks by number, family.
    package static func < (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.endpoint(let leftProtocol, let leftEndpoint), .endpoint(let rightProtocol, let rightEndpoint)):
            leftEndpoint == rightEndpoint ? leftProtocol < rightProtocol : leftEndpoint < rightEndpoint
        case (.firewallMark(let leftMark, let leftFamily), .firewallMark(let rightMark, let rightFamily)):
            leftMark == rightMark ? leftFamily < rightFamily : leftMark < rightMark
        case (.endpoint, .firewallMark): true
        case (.firewallMark, .endpoint): false
        }
    }
}

extension VirtualServerKey: CustomStringConvertible {
    /// `tcp 10.0.0.1:80`, `fwmark 7` or `fwmark 7 ipv6`.
    package var description: String {
        switch self {
        case .endpoint(let transportProtocol, let endpoint): "\(transportProtocol) \(endpoint)"
        case .firewallMark(let mark, .ipv4): "fwmark \(mark)"
        case .firewallMark(let mark, .ipv6): "fwmark \(mark) ipv6"
        }
    }

    /// Reads what ``description`` writes.
    package init?(_ text: some StringProtocol) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        if words.first == "fwmark", words.count == 2 || words.count == 3 {
            // Swift reads "+7" too.
            guard words[1].first != "+", let mark = UInt32(words[1]), mark > 0, words.count == 2 || words[2] == "ipv6"
            else { return nil }
            self = .firewallMark(mark, words.count == 2 ? .ipv4 : .ipv6)
        } else {
            guard words.count == 2, let transportProtocol = TransportProtocol(name: words[0]),
                let endpoint = Endpoint(words[1])
            else { return nil }
            self = .endpoint(transportProtocol, endpoint)
        }
    }
}
