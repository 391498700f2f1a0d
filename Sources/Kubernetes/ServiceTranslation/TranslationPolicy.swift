package import DataPath
package import LoadBalancing

/// What a translation needs to know beside the objects: this node, and the node's configuration.
package struct TranslationPolicy: Hashable, Sendable {
    /// Which of a node's addresses serve node ports.
    package enum NodePortAddresses: Hashable, Sendable {
        /// Every address of the node.
        case all
        /// The addresses of the Node object.
        case primary
        /// The node's addresses within these networks.
        case networks([IPPrefix])
        /// Those of the Node object, and the node's addresses within these networks.
        case primaryAnd([IPPrefix])
    }

    /// This node's name; empty when unknown, and then no endpoint is local.
    package var nodeName: String
    /// This node's zone; empty when unknown.
    package var zone: String
    /// The node's addresses that may serve node ports: no loopback, no IPv6 link-local, none of the VIP device.
    package var nodeAddresses: [IPAddress]
    /// The addresses of the Node object; empty without one.
    package var primaryAddresses: [IPAddress]
    package var nodePortAddresses: NodePortAddresses
    /// For Services without an annotation.
    package var scheduler: Scheduler
    /// For Services without an annotation; `nil` for the general drain timeout.
    package var drainTimeout: UInt32?
    /// Whether external traffic of a Local Service goes to other nodes when this one has no endpoint.
    package var localFallsBackToCluster: Bool
    /// The `service.kubernetes.io/service-proxy-name` that is served; `nil` serves Services without that label.
    package var proxyName: String?
    /// Whether external addresses of Services without an annotation are served as at an edge: see ``EdgeService``.
    package var isEdge = false
    /// Which annotations of Services and their endpoints count.
    package var annotations = HeededAnnotations.all
    /// Which addresses Services may take.
    package var addresses = AddressPolicy()
    /// Whether what Services need beside IPVS is kept on this node.
    package private(set) var keepsDataPath = false
    /// Whether the kernel is made to serve connections that this node has not seen from their beginning.
    private(set) var admitsUnseen = false
    /// Whether rules are kept that let in only the sources that a Service names.
    package private(set) var enforcesSources = false

    package init(
        nodeName: String = "", zone: String = "", nodeAddresses: [IPAddress] = [], primaryAddresses: [IPAddress] = [],
        nodePortAddresses: NodePortAddresses = .all, scheduler: Scheduler = Scheduler("rr"),
        drainTimeout: UInt32? = nil, localFallsBackToCluster: Bool = false, proxyName: String? = nil
    ) {
        self.nodeName = nodeName
        self.zone = zone
        self.nodeAddresses = nodeAddresses
        self.primaryAddresses = primaryAddresses
        self.nodePortAddresses = nodePortAddresses
        self.scheduler = scheduler
        self.drainTimeout = drainTimeout
        self.localFallsBackToCluster = localFallsBackToCluster
        self.proxyName = proxyName
    }

    /// Takes what is kept beside IPVS; `nil` for nothing.
    package mutating func keep(_ network: DataPathSettings?) {
        addresses.serviceNetworks = network?.serviceNetworks ?? []
        addresses.podNetworks = network?.firewall?.podNetworks ?? []
        keepsDataPath = network != nil
        admitsUnseen = network?.setsSysctls ?? false
        enforcesSources = network?.rules != nil
    }

    /// The same, but for single addresses that no Service may take, and for this machine's own.
    func isEqual(exceptPlaces other: Self) -> Bool {
        guard addresses.isEqual(exceptReserved: other.addresses),
            mayServeNodePorts == other.mayServeNodePorts
        else { return false }
        var other = other
        other.addresses = addresses
        other.nodeAddresses = nodeAddresses
        return self == other
    }

    /// Whether a node's name is ours.
    func isLocal(_ nodeName: String) -> Bool { !nodeName.isEmpty && nodeName == self.nodeName }

    /// Whether an address is the node's, for no Service to take: of those of the Node object, where there is one. An
    /// address that keepalived moves here or away is none of these, and its Service must not go when it comes.
    func isOwn(_ address: IPAddress) -> Bool {
        (primaryAddresses.isEmpty ? nodeAddresses : primaryAddresses).contains(address)
    }

    /// Whether it is known of any address whether it serves node ports: a Node object may come later than Services.
    var mayServeNodePorts: Bool { !(nodePortAddresses == .primary ? primaryAddresses : nodeAddresses).isEmpty }

    private func nodeAddresses(within networks: [IPPrefix]) -> [IPAddress] {
        nodeAddresses.filter { address in networks.contains { $0.contains(address) } }
    }

    /// The addresses on which node ports of that family are served, sorted.
    package func nodePortAddresses(_ family: AddressFamily) -> [IPAddress] {
        let chosen =
            switch nodePortAddresses {
            case .all: nodeAddresses
            case .primary: primaryAddresses
            case .networks(let networks): nodeAddresses(within: networks)
            case .primaryAnd(let networks): primaryAddresses + nodeAddresses(within: networks)
            }
        return Set(chosen.filter { $0.family == family }).sorted()
    }
}
