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
        let isRestricted = sources?.isRestricted ?? false
        let treatment = ServiceTreatment(masquerade(chosen), isRestricted: isRestricted)
        var elements = [DataPathElement.service(key, treatment)]
        if role != .nodePort { elements.append(.address(endpoint.address)) }
        if let sources, isRestricted { elements += permissions(sources, endpoint.address) }
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

    /// A node that may connect comes from the very address that it connects to, which is its own too.
    private func permissions(_ sources: SourceRanges, _ address: IPAddress) -> [DataPathElement] {
        var networks = sources.networks(address.family)
        let isNodeAllowed = policy.nodeAddresses.contains { own in networks.contains { $0.contains(own) } }
        if isNodeAllowed, !networks.contains(where: { $0.contains(address) }),
            let own = IPPrefix(address, length: address.family.bitWidth)
        {
            networks.append(own)
        }
        return networks.map { .source(key, $0) }
    }

    /// Only an endpoint of this node can come here on its way to itself.
    private func hairpins(_ chosen: [EndpointCandidate]) -> [DataPathElement] {
        let mayBeHere = chosen.lazy.filter {
            $0.nodeName.isEmpty || policy.nodeName.isEmpty || policy.isLocal($0.nodeName)
        }
        return Set(mayBeHere.map(\.endpoint.address)).sorted().map(DataPathElement.hairpin)
    }
}
