/// What tells one object from all others.
package struct ObjectIdentity: Hashable, Sendable, CustomStringConvertible {
    package let kind: String
    package let name: ObjectName

    package init(kind: String, name: ObjectName) {
        self.kind = kind
        self.name = name
    }

    /// `Service shop/web`.
    package var description: String { "\(kind) \(name)" }
}

extension KubernetesObject {
    /// Kind and name; `nil` for kinds that are not read.
    package var identity: ObjectIdentity? {
        switch self {
        case .service(let service): ObjectIdentity(kind: "Service", name: service.metadata.id)
        case .endpointSlice(let slice): ObjectIdentity(kind: "EndpointSlice", name: slice.metadata.id)
        case .endpoints(let endpoints): ObjectIdentity(kind: "Endpoints", name: endpoints.metadata.id)
        case .pod(let pod): ObjectIdentity(kind: "Pod", name: pod.metadata.id)
        case .node(let node): ObjectIdentity(kind: "Node", name: node.metadata.id)
        case .serviceCIDR(let object): ObjectIdentity(kind: "ServiceCIDR", name: object.metadata.id)
        case .other: nil
        }
    }
}
