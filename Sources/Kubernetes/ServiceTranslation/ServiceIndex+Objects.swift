package import KubernetesObjects

extension ServiceIndex {
    /// All the objects at once, translated.
    package init(_ objects: [KubernetesObject], translator: ServiceTranslator) {
        self.init(translator: translator)
        // Services last: a Pod that comes later is held against the selectors of all of them.
        for object in objects where !object.isService { update { $0.set(object) } }
        for object in objects where object.isService { update { $0.set(object) } }
        _ = refresh()
    }
}

extension ClusterState {
    /// Makes these all the objects of their kind.
    ///
    /// - Parameter kept: Those that stay as they are although they are not among them.
    /// - Returns: The Services whose translation may have changed.
    package mutating func replace(
        _ kind: String, with objects: [KubernetesObject], keeping kept: Set<ObjectName>
    ) -> Set<ObjectName> {
        let present = Set(objects.compactMap { $0.identity?.name }).union(kept)
        var affected: Set<ObjectName> = []
        for name in names(kind) where !present.contains(name) {
            affected.formUnion(remove(ObjectIdentity(kind: kind, name: name)))
        }
        for object in objects { affected.formUnion(set(object)) }
        return affected
    }

    /// Removes an object.
    ///
    /// - Returns: The Services whose translation may have changed.
    package mutating func remove(_ identity: ObjectIdentity) -> Set<ObjectName> {
        switch identity.kind {
        case "Service": return set(Service?.none, named: identity.name)
        case "EndpointSlice": return set(EndpointSlice?.none, named: identity.name)
        case "Endpoints": return set(Endpoints?.none, named: identity.name)
        case "Pod": return set(Pod?.none, named: identity.name)
        case "Node": return set(Node?.none, named: identity.name.name)
        case "ServiceCIDR": return set(ServiceCIDR?.none, named: identity.name.name)
        default: return []
        }
    }

    private func names(_ kind: String) -> [ObjectName] {
        switch kind {
        case "Service": Array(services.keys)
        case "EndpointSlice": sliceNames
        case "Endpoints": Array(endpoints.keys)
        case "Pod": pods.flatMap { namespace, pods in pods.keys.map { ObjectName(namespace: namespace, name: $0) } }
        case "Node": nodes.keys.map { ObjectName(namespace: "", name: $0) }
        case "ServiceCIDR": serviceCIDRs.keys.map { ObjectName(namespace: "", name: $0) }
        default: []
        }
    }

    /// Adds or replaces an object.
    ///
    /// - Returns: The Services whose translation may have changed.
    package mutating func set(_ object: KubernetesObject) -> Set<ObjectName> {
        switch object {
        case .service(let service): return set(service, named: service.metadata.id)
        case .endpointSlice(let slice): return set(slice, named: slice.metadata.id)
        case .endpoints(let endpoints): return set(endpoints, named: endpoints.metadata.id)
        case .pod(let pod): return set(pod, named: pod.metadata.id)
        case .node(let node): return set(node, named: node.metadata.name)
        case .serviceCIDR(let object): return set(object, named: object.metadata.name)
        case .other: return []
        }
    }
}

extension KubernetesObject {
    fileprivate var isService: Bool {
        if case .service = self { return true }
        return false
    }
}
