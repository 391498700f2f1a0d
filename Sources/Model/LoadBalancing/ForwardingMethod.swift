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
