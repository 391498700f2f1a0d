package import LoadBalancing

/// What a configuration says of Kubernetes Services in general; `nil` where it leaves the standard.
package struct ServiceDefaults: Hashable, Sendable {
    /// Which of a node's addresses serve node ports.
    package enum NodePortAddresses: Hashable, Sendable {
        /// Every one.
        case all
        /// Those of the Node object.
        case primary
        /// The node's addresses within these networks.
        case networks([IPPrefix])
        /// Those of the Node object, and the node's addresses within these networks.
        case primaryAnd([IPPrefix])

        /// What words and networks mean together.
        init(all: Bool, primary: Bool, networks: [IPPrefix]) {
            if all {
                self = .all
            } else if primary {
                self = networks.isEmpty ? .primary : .primaryAnd(networks)
            } else {
                self = .networks(networks)
            }
        }
    }

    /// Which annotations of ours count on Services, EndpointSlices and Pods, which tenants write.
    package enum Annotations: Hashable, Sendable {
        case all
        case none
        /// Those with these names behind `ipvsync.io/`.
        case named([String])

        /// The names that there are.
        package static let names = [
            "check", "drain-timeout", "edge", "forwarding", "one-packet", "persistence-granularity", "scheduler",
            "scheduler-flags", "upper-threshold", "weight",
        ]
    }

    /// The scheduler of Services without an annotation.
    package var scheduler: String?
    package var nodePortAddresses: NodePortAddresses?
    /// Whether external traffic of a Local Service goes to other nodes when this one has no endpoint.
    package var localFallback: Bool?
    /// The `service.kubernetes.io/service-proxy-name` that is served.
    package var proxyName: String?
    package var annotations: Annotations?
    /// Which `externalIPs` are served.
    package var externalIPs: AddressAllowance?
    /// Which load balancer ingresses are served.
    package var loadBalancerIPs: AddressAllowance?
    /// Whether external IPs and ingresses that are addresses of this node are served.
    package var nodeAddresses: Bool?
    /// Whether external addresses are served as at an edge: stateless, and alike on every node.
    package var edge: Bool?
    /// Milliseconds from one attempt to the next of the checks that Services ask for.
    package var checkInterval: UInt32?
    /// How many real servers are checked for one namespace.
    package var checksPerNamespace: UInt32?

    package init(
        scheduler: String? = nil, nodePortAddresses: NodePortAddresses? = nil, localFallback: Bool? = nil,
        proxyName: String? = nil, annotations: Annotations? = nil, externalIPs: AddressAllowance? = nil,
        loadBalancerIPs: AddressAllowance? = nil, nodeAddresses: Bool? = nil, edge: Bool? = nil,
        checkInterval: UInt32? = nil, checksPerNamespace: UInt32? = nil
    ) {
        self.scheduler = scheduler
        self.nodePortAddresses = nodePortAddresses
        self.localFallback = localFallback
        self.proxyName = proxyName
        self.annotations = annotations
        self.externalIPs = externalIPs
        self.loadBalancerIPs = loadBalancerIPs
        self.nodeAddresses = nodeAddresses
        self.edge = edge
        self.checkInterval = checkInterval
        self.checksPerNamespace = checksPerNamespace
    }
}
