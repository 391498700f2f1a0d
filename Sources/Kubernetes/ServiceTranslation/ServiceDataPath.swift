import DataPath
import KubernetesObjects
import LoadBalancing

/// What the node needs beside IPVS for one virtual server of a Service (`pkg/proxy/ipvs`, `syncProxyRules`).
struct ServiceDataPath {
    private let key: VirtualServerKey
    private let role: TranslatedVirtualServer.Role
    private let traffic: Service.TrafficPolicy
    private let forwarding: ForwardingMethod
    private let policy: TranslationPolicy

    init(
        _ key: VirtualServerKey, _ role: TranslatedVirtualServer.Role, _ traffic: Service.TrafficPolicy,
        _ forwarding: ForwardingMethod, policy: TranslationPolicy
    ) {
        self.key = key
        self.role = role
        self.traffic = traffic
        self.forwarding = forwarding
        self.policy = policy
    }

    /// - Parameters:
    ///   - chosen: The endpoints that get traffic.
    ///   - sources: Who may connect; `nil` where that is nobody's question.
    func elements(_ chosen: [EndpointCandidate], sources: SourceRanges?) -> [DataPathElement] {
        guard case .endpoint(_, let endpoint) = key else { return [] }
        var elements = [DataPathElement.service(key, ServiceTreatment(masquerade(chosen)))]
        if role != .nodePort { elements.append(.address(endpoint.address)) }
        if let list = sources?.list(key.family) {
            let guarded = DataPathElement.guarded(key, list)
            elements.append(guarded)
            if let needed = guarded.neededSources { elements.append(needed) }
        }
        if forwarding == .masquerade { elements += hairpins(chosen) }
        return elements
    }

    private func masquerade(_ chosen: [EndpointCandidate]) -> ServiceTreatment.Masquerade {
        guard forwarding == .masquerade else { return .never }
        if role == .clusterIP { return .outsidePods }
        // A Local Service that falls back to other nodes needs their answers to come back here.
        let staysHere = traffic == .local && chosen.allSatisfy { policy.isLocal($0.nodeName) }
        return staysHere ? .node : .always
    }

    /// Only an endpoint of this node can come here on its way to itself.
    private func hairpins(_ chosen: [EndpointCandidate]) -> [DataPathElement] {
        let mayBeHere = chosen.lazy.filter {
            $0.nodeName.isEmpty || policy.nodeName.isEmpty || policy.isLocal($0.nodeName)
        }
        return Set(mayBeHere.map(\.endpoint.address)).sorted().map(DataPathElement.hairpin)
    }
}
