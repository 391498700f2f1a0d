package import KubernetesObjects
internal import LoadBalancing

/// The objects that matter, indexed by the Service that they belong to.
package struct ClusterState: Sendable {
    package internal(set) var services: [ObjectName: Service] = [:]
    /// By Service, then by the slice's name.
    package internal(set) var slices: [ObjectName: [String: EndpointSlice]] = [:]
    package internal(set) var endpoints: [ObjectName: Endpoints] = [:]
    /// By namespace, then by name.
    package private(set) var pods: [String: [String: Pod]] = [:]
    package internal(set) var nodes: [String: Node] = [:]
    package internal(set) var serviceCIDRs: [String: ServiceCIDR] = [:]
    /// Who has an address, and who asks for one.
    var addresses = AddressBook()
    /// What is wrong with Nodes and ServiceCIDRs.
    var objectWarnings = ObjectWarnings()
    /// How many changes have come.
    package private(set) var changes = ChangeCounts()
    /// What had slices changed since the last look.
    private var changeTriggers: [ChangeTrigger] = []

    /// So many are kept between two looks.
    private static let triggerLimit = 10_000

    /// The Services of each namespace that select Pods.
    private var selecting: [String: Set<ObjectName>] = [:]
    /// Which Service a slice belonged to when it was last seen: its label may change.
    private var ownerOfSlice: [ObjectName: ObjectName] = [:]

    package init() {}

    /// Whether the Service or slice of that name has been read once.
    package func knows(_ kind: String, _ name: ObjectName) -> Bool {
        kind == "Service" ? services[name] != nil : ownerOfSlice[name] != nil
    }

    /// The slices that belong to a Service.
    var sliceNames: [ObjectName] { Array(ownerOfSlice.keys) }

    /// The label by which a slice names its Service.
    package static let serviceNameLabel = EndpointSlice.serviceNameLabel
}

extension ClusterState {
    /// Adds, replaces or (with `nil`) removes a Service.
    ///
    /// - Returns: The Services whose translation may have changed.
    package mutating func set(_ service: Service?, named name: ObjectName) -> Set<ObjectName> {
        let previous = services[name]
        guard previous != service else { return [] }
        changes.services += 1
        services[name] = service
        if service?.selector.isEmpty ?? true {
            selecting[name.namespace]?.remove(name)
            if selecting[name.namespace]?.isEmpty == true { selecting[name.namespace] = nil }
        } else {
            selecting[name.namespace, default: []].insert(name)
        }
        return addresses.replace(previous, with: service, named: name).union([name])
    }

    /// What it costs to translate a Service: its endpoints times its ports, its virtual servers, and its source ranges,
    /// each weighed by the time that it takes.
    func cost(of name: ObjectName) -> Int {
        guard let service = services[name] else { return 1 }
        let count = endpointCount(name)
        let addresses = service.clusterIPs.count + service.externalIPs.count + service.loadBalancerIngress.count
        let ports = min(service.ports.count, ServiceBounds.ports)
        let servers = min(addresses * ports, ServiceBounds.virtualServers)
        return 10 + min(count * max(ports, 1), ServiceBounds.realServers) + 4 * servers
            + 4 * min(service.loadBalancerSourceRanges.count, ServiceBounds.sourceRanges)
    }

    private func endpointCount(_ name: ObjectName) -> Int {
        if let slices = slices[name] { return slices.values.reduce(0) { $0 + $1.endpoints.count } }
        if let object = endpoints[name] {
            return object.subsets.reduce(0) { $0 + $1.addresses.count + $1.notReadyAddresses.count }
        }
        return pods[name.namespace]?.count ?? 0
    }

    /// Adds, replaces or removes an EndpointSlice.
    package mutating func set(_ slice: EndpointSlice?, named name: ObjectName) -> Set<ObjectName> {
        var affected: Set<ObjectName> = []
        let owner = slice.flatMap(Self.owner)
        if let previous = ownerOfSlice[name] {
            if previous == owner, let known = slices[previous]?[name.name], let slice, known.isAlike(slice) {
                return []
            }
            slices[previous]?[name.name] = nil
            if slices[previous]?.isEmpty == true { slices[previous] = nil }
            affected.insert(previous)
        }
        ownerOfSlice[name] = owner
        if slice != nil || !affected.isEmpty { note(slice) }
        if let owner {
            slices[owner, default: [:]][name.name] = slice
            affected.insert(owner)
        }
        if affected.contains(Self.apiServer) { affected.formUnion(noteAPIServer()) }
        return affected
    }

    /// Counts a change of a slice.
    private mutating func note(_ slice: EndpointSlice?) {
        changes.endpoints += 1
        guard let family = slice?.family, let trigger = slice?.changeTrigger, changeTriggers.count < Self.triggerLimit
        else { return }
        changeTriggers.append(ChangeTrigger(family: family, seconds: trigger))
    }

    /// What had slices changed since the last call.
    package mutating func takeChangeTriggers() -> [ChangeTrigger] {
        defer { changeTriggers.removeAll(keepingCapacity: true) }
        return changeTriggers
    }

    /// Adds, replaces or removes a legacy Endpoints object.
    package mutating func set(_ object: Endpoints?, named name: ObjectName) -> Set<ObjectName> {
        guard endpoints[name] != object else { return [] }
        endpoints[name] = object
        return name == Self.apiServer ? noteAPIServer().union([name]) : [name]
    }

    /// Adds, replaces or removes a Pod.
    package mutating func set(_ pod: Pod?, named name: ObjectName) -> Set<ObjectName> {
        let previous = pods[name.namespace]?[name.name]
        guard previous != pod else { return [] }
        pods[name.namespace, default: [:]][name.name] = pod
        return Set(
            (selecting[name.namespace] ?? []).filter { other in
                services[other].map { service in
                    [previous, pod].contains { $0.map { service.selects($0) } ?? false }
                } ?? false
            })
    }

    /// Adds, replaces or removes a Node. Beside the policy, it changes who may have its addresses.
    package mutating func set(_ node: Node?, named name: String) -> Set<ObjectName> {
        let previous = nodes[name]
        guard previous != node else { return [] }
        nodes[name] = node
        objectWarnings.replace(node?.warnings ?? [], of: ObjectIdentity(kind: "Node", name: ObjectName(of: name)))
        return addresses.replace(previous, with: node, named: name)
    }

    /// Adds, replaces or removes a ServiceCIDR.
    package mutating func set(_ object: ServiceCIDR?, named name: String) -> Set<ObjectName> {
        let previous = serviceCIDRs[name]
        guard previous != object else { return [] }
        serviceCIDRs[name] = object
        objectWarnings.replace(
            object?.warnings ?? [], of: ObjectIdentity(kind: "ServiceCIDR", name: ObjectName(of: name)))
        return addresses.replace(previous, with: object)
    }

    /// The Service by which Pods reach the API server; its endpoints are where that is.
    private static let apiServer = ObjectName(namespace: "default", name: "kubernetes")

    private mutating func noteAPIServer() -> Set<ObjectName> {
        var ports: [IPAddress: Set<UInt16>] = [:]
        for slice in (slices[Self.apiServer] ?? [:]).values {
            for address in slice.endpoints.compactMap({ IPAddress(kubernetes: $0.address) }) {
                ports[address, default: []].formUnion(slice.ports.compactMap(\.port))
            }
        }
        for subset in endpoints[Self.apiServer]?.subsets ?? [] {
            for address in subset.addresses.compactMap({ IPAddress(kubernetes: $0.ip) }) {
                ports[address, default: []].formUnion(subset.ports.compactMap(\.port))
            }
        }
        return addresses.replaceAPIServer(ports)
    }

    private static func owner(_ slice: EndpointSlice) -> ObjectName? {
        let labels = slice.metadata.labels
        guard let service = labels[serviceNameLabel], !service.isEmpty else { return nil }
        return ObjectName(namespace: slice.metadata.namespace, name: service)
    }
}

extension EndpointSlice {
    /// Whether the other one has the same endpoints; what had it changed does not count.
    fileprivate func isAlike(_ other: Self) -> Bool {
        guard changeTrigger != other.changeTrigger else { return self == other }
        var other = other
        other.changeTrigger = changeTrigger
        return self == other
    }
}

extension Service {
    /// Whether the selector takes the Pod; an empty selector takes none.
    package func selects(_ pod: Pod) -> Bool {
        !selector.isEmpty && selector.allSatisfy { pod.metadata.labels[$0.key] == $0.value }
    }
}
