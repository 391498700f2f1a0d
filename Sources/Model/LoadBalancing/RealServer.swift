/// One destination of a virtual server and its settings.
package struct RealServer: Hashable, Sendable {
    package let endpoint: Endpoint
    package var forwarding: ForwardingMethod
    /// 0 takes no new connections. At most ``maximumWeight``.
    package var weight: UInt32
    /// Connections above which no new ones are scheduled here; 0 for no limit.
    package var upperThreshold: UInt32
    /// Connections below which an overloaded real server is used again; 0 for three quarters of the upper one.
    package var lowerThreshold: UInt32

    package init(
        _ endpoint: Endpoint, forwarding: ForwardingMethod = .masquerade, weight: UInt32 = 1,
        upperThreshold: UInt32 = 0,
        lowerThreshold: UInt32 = 0
    ) {
        self.endpoint = endpoint
        self.forwarding = forwarding
        self.weight = weight
        self.upperThreshold = upperThreshold
        self.lowerThreshold = lowerThreshold
    }

    /// The kernel keeps weights as signed 32-bit integers.
    package static let maximumWeight: UInt32 = 2_147_483_647
}

/// How packets reach a real server.
package enum ForwardingMethod: Hashable, Sendable {
    /// Network address translation (`ipvsadm -m`).
    case masquerade
    /// Direct routing: the packet keeps its addresses (`ipvsadm -g`).
    case direct
    /// Encapsulation (`ipvsadm -i`).
    case tunnel(Tunnel)
    /// The kernel's mark for a real server on this node (`IP_VS_CONN_F_LOCALNODE`); never configured, only observed.
    case local
    /// A fixed route by the kernel's cache bypass (`IP_VS_CONN_F_BYPASS`); never configured, only observed.
    case bypass
    /// A number that the kernel keeps and packets take for none of these (`IP_VS_CONN_F_FWD_MASK`); never configured,
    /// only observed.
    case other(UInt32)

    /// Whether the real server's port replaces the virtual server's; else both must be equal.
    package var translatesPort: Bool { self == .masquerade }
}

extension ForwardingMethod: CustomStringConvertible {
    /// `masquerade`, `direct`, `tunnel`, `tunnel gue:6080 csum`, `local`, `bypass` or `method-5`.
    package var description: String {
        switch self {
        case .masquerade: "masquerade"
        case .direct: "direct"
        case .tunnel(.ipip): "tunnel"
        case .tunnel(let tunnel): "tunnel \(tunnel)"
        case .local: "local"
        case .bypass: "bypass"
        case .other(let number): "method-\(number)"
        }
    }
}

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
