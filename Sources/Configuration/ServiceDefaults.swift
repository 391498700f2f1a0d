package import LoadBalancing

/// What a configuration says of Kubernetes Services in general; `nil` where it leaves the standard.
package struct ServiceDefaults: Hashable, Sendable {
    /// Which of a node's addresses serve node ports.
    package enum NodePortAddresses: Hashable, Sendable {
        /// Those of the Node object.
        case primary
        /// The node's addresses within these networks.
        case networks([IPPrefix])
    }

    /// The scheduler of Services without an annotation.
    package var scheduler: String?
    package var nodePortAddresses: NodePortAddresses?
    /// Whether external traffic of a Local Service goes to other nodes when this one has no endpoint.
    package var localFallback: Bool?
    /// The `service.kubernetes.io/service-proxy-name` that is served.
    package var proxyName: String?

    package init(
        scheduler: String? = nil, nodePortAddresses: NodePortAddresses? = nil, localFallback: Bool? = nil,
        proxyName: String? = nil
    ) {
        self.scheduler = scheduler
        self.nodePortAddresses = nodePortAddresses
        self.localFallback = localFallback
        self.proxyName = proxyName
    }
}
