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
