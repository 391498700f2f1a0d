import LoadBalancing

/// The word for an encapsulation, in a configuration and in ipvsadm.
enum TunnelType: String, CaseIterable {
    case ipip, gue, gre
}

extension Tunnel {
    /// `nil` for what is only observed.
    var type: TunnelType? {
        switch self {
        case .ipip: .ipip
        case .gue: .gue
        case .gre: .gre
        case .other: nil
        }
    }

    /// The checksum; `nil` for an encapsulation that knows none.
    var checksum: TunnelChecksum? {
        switch self {
        case .ipip, .other: nil
        case .gue(_, let checksum), .gre(let checksum): checksum
        }
    }
}
