import DataPath
import KubernetesObjects
import LoadBalancing

/// What the node needs beside IPVS for one virtual server of a Service (`pkg/proxy/ipvs`, `syncProxyRules`), but
/// for its endpoints.
struct ServiceDataPath {
    private let key: VirtualServerKey
    private let role: TranslatedVirtualServer.Role
    private let forwarding: ForwardingMethod
    private let staysHere: Bool

    /// - Parameter staysHere: Whether the traffic policy keeps all traffic on this node.
    init(
        _ key: VirtualServerKey, _ role: TranslatedVirtualServer.Role, _ forwarding: ForwardingMethod, staysHere: Bool
    ) {
        self.key = key
        self.role = role
        self.forwarding = forwarding
        self.staysHere = staysHere
    }

    /// - Parameters:
    ///   - sources: Who may connect; `nil` where that is nobody's question.
    ///   - isEdge: Whether other directors stand in for this one, and it for them.
    func elements(sources: SourceRanges?, isEdge: Bool) -> [DataPathElement] {
        guard case .endpoint(_, let endpoint) = key else { return [] }
        var elements = [DataPathElement.service(key, ServiceTreatment(masquerade))]
        if role != .nodePort { elements.append(.address(endpoint.address)) }
        if isEdge { elements.append(.unseenConnections) }
        if let list = sources?.list(key.family) {
            let guarded = DataPathElement.guarded(key, list)
            elements.append(guarded)
            if let needed = guarded.neededSources { elements.append(needed) }
        }
        return elements
    }

    private var masquerade: ServiceTreatment.Masquerade {
        guard forwarding == .masquerade else { return .never }
        if role == .clusterIP { return .outsidePods }
        return staysHere ? .node : .always
    }
}
