import KubernetesObjects
import LoadBalancing

/// Why a Service does not get an address that it names (CVE-2020-8554): by taking it, a tenant would cut the node off,
/// or get the traffic of others.
enum AddressRefusal: Hashable {
    case special(SpecialAddress)
    /// The broadcast address of a network that this node is in.
    case broadcast
    case apiServer
    case gateway
    case clusterIP(of: ObjectName)
    case serviceNetwork(IPPrefix)
    case podNetwork(IPPrefix)
    /// An address of a Node object.
    case node(String, isThisOne: Bool)
    /// An address of this machine, whose Node object is not known.
    case machine
    case notAllowed(field: String, namespace: String)

    /// What the address is, and what helps.
    var description: String {
        switch self {
        case .special(let kind): "it is \(kind.rawValue)"
        case .broadcast: "it is the broadcast address of a network of this node"
        case .apiServer: "the API server is reached there"
        case .gateway: "it is this node's default gateway"
        case .clusterIP(let service): "it is the cluster IP of Service \(service)"
        case .serviceNetwork(let network): "it lies in \(network), from which cluster IPs are given"
        case .podNetwork(let network): "it lies in \(network), the network of pods"
        case .node(let name, true):
            "it is an address of this node, \(name); services.nodeAddresses: true serves it"
        case .node(let name, false): "it is an address of the node \(name)"
        case .machine: "it is an address of this machine, whose Node object is not known"
        case .notAllowed(let field, let namespace): "services.\(field) does not allow it in namespace \(namespace)"
        }
    }
}

extension TranslationPolicy {
    /// Why a Service may not take an address that it names beside its cluster IPs; `nil` when it may.
    func refusal(
        of address: IPAddress, as role: TranslatedVirtualServer.Role, to service: Service, in cluster: ClusterState
    ) -> AddressRefusal? {
        if let refusal = refusal(ofStation: address) { return refusal }
        if addresses.apiServers.contains(address) { return .apiServer }
        if addresses.gateways.contains(address) { return .gateway }
        if let refusal = clusterRefusal(of: address, as: role, to: service.metadata.id, in: cluster) { return refusal }
        let (allowance, field) =
            role == .externalIP
            ? (addresses.externalIPs, "externalIPs") : (addresses.loadBalancerIPs, "loadBalancerIPs")
        let namespace = service.metadata.namespace
        return allowance.allows(address, namespace: namespace) ? nil : .notAllowed(field: field, namespace: namespace)
    }

    /// Why no station has the address; `nil` for one that a station may have.
    func refusal(ofStation address: IPAddress) -> AddressRefusal? {
        if let kind = address.special { return .special(kind) }
        return addresses.broadcasts.contains(address) ? .broadcast : nil
    }

    /// What the cluster has the address for.
    private func clusterRefusal(
        of address: IPAddress, as role: TranslatedVirtualServer.Role, to service: ObjectName, in cluster: ClusterState
    ) -> AddressRefusal? {
        let holders = cluster.addresses.clusterIPs[address] ?? []
        // Its own, named twice.
        if holders.contains(service) { return nil }
        if let other = holders.min() { return .clusterIP(of: other) }
        if let network = cluster.addresses.serviceNetworks.network(of: address)
            ?? (cluster.addresses.serviceNetworks.isEmpty
                ? addresses.serviceNetworks.first { $0.contains(address) } : nil)
        {
            return .serviceNetwork(network)
        }
        if let network = cluster.addresses.podNetworks.network(of: address) { return .podNetwork(network) }
        // A tenant that names another's Pod would cut it off: the node would take its packets for its own.
        if role == .externalIP, let network = addresses.podNetworks.first(where: { $0.contains(address) }) {
            return .podNetwork(network)
        }
        if isServedNodeAddress(address) { return nil }
        if let refusal = nodeRefusal(of: address, as: role, in: cluster) { return refusal }
        if cluster.addresses.apiServerPorts[address] != nil { return .apiServer }
        // A bridge of the pods' has an address there; what floats on a device is somewhere else.
        guard nodeAddresses.contains(address) else { return nil }
        return addresses.podNetworks.first { $0.contains(address) }.map(AddressRefusal.podNetwork)
    }

    private func nodeRefusal(
        of address: IPAddress, as role: TranslatedVirtualServer.Role, in cluster: ClusterState
    ) -> AddressRefusal? {
        if primaryAddresses.contains(address) { return .node(nodeName, isThisOne: true) }
        if let name = cluster.addresses.nodes[address]?.min() { return .node(name, isThisOne: name == nodeName) }
        // Without a Node object, nobody can tell an address that floats; a load balancer's is more likely to.
        return role == .externalIP && isOwn(address) ? .machine : nil
    }

    /// Whether an address of this node's Node object is to be served, which is not bound then.
    func isServedNodeAddress(_ address: IPAddress) -> Bool {
        addresses.servesNodeAddresses && primaryAddresses.contains(address)
    }
}
