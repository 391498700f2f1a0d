import KubernetesObjects
import LoadBalancing

/// Who has an address in a cluster, and which Services ask for it beside their cluster IPs: so a change of the one is a
/// matter for the other alone.
struct AddressBook: Sendable {
    /// The Services that have an address as a cluster IP.
    private(set) var clusterIPs: [IPAddress: Set<ObjectName>] = [:]
    /// The Services that ask for it as an external IP or a load balancer's.
    private(set) var requests: [IPAddress: Set<ObjectName>] = [:]
    /// The Services that are reached by other addresses than their cluster IPs: those that they ask for, or the nodes'.
    private(set) var outward: Set<ObjectName> = []
    /// The nodes whose object has it.
    private(set) var nodes: [IPAddress: Set<String>] = [:]
    /// The networks from which ServiceCIDR objects give cluster IPs.
    private(set) var serviceNetworks = NetworkTally()
    /// The pods' networks, of all nodes.
    private(set) var podNetworks = NetworkTally()
    /// Where the API server listens, by the endpoints of its Service.
    private(set) var apiServerPorts: [IPAddress: Set<UInt16>] = [:]

    /// The Services that ask for one of the addresses.
    func askers(_ addresses: some Sequence<IPAddress>) -> Set<ObjectName> {
        addresses.reduce(into: []) { $0.formUnion(requests[$1] ?? []) }
    }

    /// - Returns: The other Services whose translation may have changed.
    mutating func replace(_ previous: Service?, with next: Service?, named name: ObjectName) -> Set<ObjectName> {
        if next?.isOutward ?? false { outward.insert(name) } else { outward.remove(name) }
        let (hadIPs, hasIPs) = (previous?.ownAddresses ?? [], next?.ownAddresses ?? [])
        for address in hadIPs.subtracting(hasIPs) { Self.remove(name, from: &clusterIPs, at: address) }
        for address in hasIPs.subtracting(hadIPs) { clusterIPs[address, default: []].insert(name) }
        let (asked, asks) = (previous?.askedAddresses ?? [], next?.askedAddresses ?? [])
        for address in asked.subtracting(asks) { Self.remove(name, from: &requests, at: address) }
        for address in asks.subtracting(asked) { requests[address, default: []].insert(name) }
        return hadIPs == hasIPs ? [] : askers(hadIPs.symmetricDifference(hasIPs))
    }

    /// - Returns: The Services whose translation may have changed.
    mutating func replace(_ previous: Node?, with next: Node?, named name: String) -> Set<ObjectName> {
        let (had, has) = (previous?.stations ?? [], next?.stations ?? [])
        for address in had.subtracting(has) { Self.remove(name, from: &nodes, at: address) }
        for address in has.subtracting(had) { nodes[address, default: []].insert(name) }
        let networks = podNetworks.replace(previous?.networks ?? [], with: next?.networks ?? [])
        return askers(had.symmetricDifference(has)).union(askers(in: networks))
    }

    /// - Returns: The Services whose translation may have changed.
    mutating func replace(_ previous: ServiceCIDR?, with next: ServiceCIDR?) -> Set<ObjectName> {
        let wasKnown = !serviceNetworks.isEmpty
        let networks = serviceNetworks.replace(previous?.networks ?? [], with: next?.networks ?? [])
        // The first one takes the place of the configuration's networks, and the last one gives it back.
        guard wasKnown == !serviceNetworks.isEmpty else { return askers(requests.keys) }
        return askers(in: networks)
    }

    /// - Returns: The Services whose translation may have changed.
    mutating func replaceAPIServer(_ ports: [IPAddress: Set<UInt16>]) -> Set<ObjectName> {
        guard ports != apiServerPorts else { return [] }
        let touched = Set(ports.keys).union(apiServerPorts.keys).filter { ports[$0] != apiServerPorts[$0] }
        apiServerPorts = ports
        return askers(touched)
    }

    private func askers(in networks: [IPPrefix]) -> Set<ObjectName> {
        guard !networks.isEmpty else { return [] }
        return askers(requests.keys.lazy.filter { address in networks.contains { $0.contains(address) } })
    }

    private static func remove<Name: Hashable>(
        _ name: Name, from holders: inout [IPAddress: Set<Name>], at address: IPAddress
    ) {
        holders[address]?.remove(name)
        if holders[address]?.isEmpty == true { holders[address] = nil }
    }
}

extension Service {
    /// Its cluster IPs.
    fileprivate var ownAddresses: Set<IPAddress> {
        kind == .externalName ? [] : Set(clusterIPs.compactMap { IPAddress(kubernetes: $0) })
    }

    /// Whether it is for others than Pods, as far as a node can tell.
    fileprivate var isOutward: Bool {
        switch kind {
        case .nodePort, .loadBalancer: true
        case .clusterIP, .externalName:
            !externalIPs.isEmpty || !loadBalancerIngress.isEmpty || ports.contains { $0.nodePort > 0 }
        }
    }

    /// What it asks for beside them.
    fileprivate var askedAddresses: Set<IPAddress> {
        guard !externalIPs.isEmpty || !loadBalancerIngress.isEmpty else { return [] }
        return Set((externalIPs + loadBalancerIngress.map(\.ip)).compactMap { IPAddress(kubernetes: $0) })
    }
}

extension Node {
    fileprivate var stations: Set<IPAddress> { Set(addresses.compactMap { IPAddress(kubernetes: $0) }) }

    fileprivate var networks: [IPPrefix] { podNetworks.compactMap { IPPrefix(kubernetes: $0) } }
}

extension ServiceCIDR {
    fileprivate var networks: [IPPrefix] { cidrs.compactMap { IPPrefix(kubernetes: $0) } }
}
