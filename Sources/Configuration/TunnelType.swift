import LoadBalancing

/// The word for an encapsulation, in a configuration and in ipvsadm.
enum TunnelType: String, CaseIterable {
    case ipip, gue, gre
}

extension Tunnel {
    var type: TunnelType {
        switch self {
        case .ipip: .ipip
        case .gue: .gue
        case .gre: .gre
        }
    }

    /// The checksum; `nil` for an encapsulation that knows none.
    var checksum: TunnelChecksum? {
        switch self {
        case .ipip: nil
        case .gue(_, let checksum), .gre(let checksum): checksum
        }
    }
}
