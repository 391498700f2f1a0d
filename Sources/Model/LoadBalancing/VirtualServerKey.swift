/// What identifies a virtual server in the kernel: protocol, address and port, or a firewall mark and a family.
package enum VirtualServerKey: Hashable, Sendable {
    case endpoint(TransportProtocol, Endpoint)
    /// The mark is never 0, which the kernel takes for "no mark".
    case firewallMark(UInt32, AddressFamily)
    /// A protocol number that IPVS serves nothing for, but keeps; never declared, only observed. The number is never one
    /// of ``TransportProtocol``: make it with ``init(protocolNumber:_:)``.
    case otherProtocol(UInt16, Endpoint)

    /// The key at an endpoint for a protocol number as the kernel has it, whose field takes 16 bits.
    package init(protocolNumber number: UInt16, _ endpoint: Endpoint) {
        let known = UInt8(exactly: number).flatMap(TransportProtocol.init(rawValue:))
        self = known.map { .endpoint($0, endpoint) } ?? .otherProtocol(number, endpoint)
    }

    package var family: AddressFamily {
        switch self {
        case .endpoint(_, let endpoint), .otherProtocol(_, let endpoint): endpoint.address.family
        case .firewallMark(_, let family): family
        }
    }

    /// The transport protocol; `nil` for a firewall mark, which may carry several, and for other protocols.
    package var transportProtocol: TransportProtocol? {
        switch self {
        case .endpoint(let transportProtocol, _): transportProtocol
        case .firewallMark, .otherProtocol: nil
        }
    }

    /// The port in host byte order; 0 for a firewall mark and for "every port".
    package var port: UInt16 {
        switch self {
        case .endpoint(_, let endpoint), .otherProtocol(_, let endpoint): endpoint.port
        case .firewallMark: 0
        }
    }

    /// The protocol's number and the endpoint; `nil` for a firewall mark.
    fileprivate var numbered: (endpoint: Endpoint, protocolNumber: UInt16)? {
        switch self {
        case .endpoint(let transportProtocol, let endpoint): (endpoint, UInt16(transportProtocol.rawValue))
        case .otherProtocol(let number, let endpoint): (endpoint, number)
        case .firewallMark: nil
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
        case (_, .firewallMark): true
        case (.firewallMark, _): false
        case (.otherProtocol, _), (_, .otherProtocol): comparesBefore(left.numbered, right.numbered)
        }
    }

    private typealias Numbered = (endpoint: Endpoint, protocolNumber: UInt16)

    private static func comparesBefore(_ left: Numbered?, _ right: Numbered?) -> Bool {
        guard let left, let right else { return right != nil }
        return left.endpoint == right.endpoint
            ? left.protocolNumber < right.protocolNumber : left.endpoint < right.endpoint
    }
}

extension VirtualServerKey: CustomStringConvertible {
    /// `tcp 10.0.0.1:80`, `fwmark 7`, `fwmark 7 ipv6` or `protocol-47 10.0.0.1:80`.
    package var description: String {
        switch self {
        case .otherProtocol(let number, let endpoint): "protocol-\(number) \(endpoint)"
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
            guard words.count == 2, let endpoint = Endpoint(words[1]) else { return nil }
            if let transportProtocol = TransportProtocol(name: words[0]) {
                self = .endpoint(transportProtocol, endpoint)
            } else {
                guard let number = Self.protocolNumber(words[0]) else { return nil }
                self.init(protocolNumber: number, endpoint)
            }
        }
    }

    private static func protocolNumber(_ word: some StringProtocol) -> UInt16? {
        let prefix = "protocol-"
        guard word.hasPrefix(prefix) else { return nil }
        let digits = word.dropFirst(prefix.count)
        return digits.first == "+" ? nil : UInt16(digits)
    }
}

/// The transport protocol of a virtual server; the raw value is the IP protocol number.
package enum TransportProtocol: UInt8, Hashable, Sendable, Comparable, CaseIterable {
    case tcp = 6
    case udp = 17
    case sctp = 132

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension TransportProtocol: CustomStringConvertible {
    /// `tcp`, `udp` or `sctp`.
    package var description: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .sctp: "sctp"
        }
    }

    /// Reads the lower-case or upper-case name.
    package init?(name: some StringProtocol) {
        switch name.lowercased() {
        case "tcp": self = .tcp
        case "udp": self = .udp
        case "sctp": self = .sctp
        default: return nil
        }
    }
}
