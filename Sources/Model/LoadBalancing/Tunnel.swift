/// The encapsulation of a tunnelled real server (`IPVS_DEST_ATTR_TUN_*`, Linux 5.3 and later).
package enum Tunnel: Hashable, Sendable {
    case ipip
    /// Generic UDP encapsulation, to that UDP port of the real server.
    case gue(port: UInt16, checksum: TunnelChecksum)
    case gre(checksum: TunnelChecksum)
    /// A type, or flags of a type, that the kernel keeps and we do not know; never configured, only observed.
    case other(type: UInt8, port: UInt16, flags: UInt16)
}

/// Which checksum an encapsulation carries; the raw value is the kernel's `IP_VS_TUNNEL_ENCAP_FLAG_*`.
package enum TunnelChecksum: UInt16, Hashable, Sendable, CaseIterable {
    case none = 0
    case full = 1
    /// Remote checksum offload, for GUE only.
    case remote = 2
}

extension TunnelChecksum: CustomStringConvertible {
    /// As ipvsadm's options name it: `nocsum`, `csum` or `remcsum`.
    package var description: String {
        switch self {
        case .none: "nocsum"
        case .full: "csum"
        case .remote: "remcsum"
        }
    }

    package init?(name: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.description == name }) else { return nil }
        self = match
    }
}

extension Tunnel: CustomStringConvertible {
    /// `ipip`, `gue:6080 csum`, `gre nocsum`, `type-7:6080 flags 0x5`.
    package var description: String {
        switch self {
        case .ipip: "ipip"
        case .gue(let port, let checksum): "gue:\(port) \(checksum)"
        case .gre(let checksum): "gre \(checksum)"
        case .other(let type, let port, let flags): "type-\(type):\(port) flags 0x\(String(flags, radix: 16))"
        }
    }
}
