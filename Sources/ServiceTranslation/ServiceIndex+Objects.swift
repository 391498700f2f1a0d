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
    /// Adds or replaces an object.
    ///
    /// - Returns: The Services whose translation may have changed.
    package mutating func set(_ object: KubernetesObject) -> Set<ObjectName> {
        switch object {
        case .service(let service): return set(service, named: service.metadata.id)
        case .endpointSlice(let slice): return set(slice, named: slice.metadata.id)
        case .endpoints(let endpoints): return set(endpoints, named: endpoints.metadata.id)
        case .pod(let pod): return set(pod, named: pod.metadata.id)
        case .node(let node):
            set(node, named: node.metadata.name)
            return []
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
