package import Documents

/// An object of one of the kinds that matter, or the kind of one that does not.
package enum KubernetesObject: Hashable, Sendable {
    case service(Service)
    case endpointSlice(EndpointSlice)
    case endpoints(Endpoints)
    case pod(Pod)
    case node(Node)
    case serviceCIDR(ServiceCIDR)
    /// Any other kind: counted, never read.
    case other(kind: String)

    /// Reads one object.
    ///
    /// - Parameters:
    ///   - kind: What the items of a list are, which do not say it themselves.
    ///   - namespace: Where an object without a namespace lives.
    package init(_ node: YAMLNode, kind: String? = nil, namespace: String = "default") throws(ObjectError) {
        let fields = try FieldReader(node, "object")
        let kind = try fields.optionalString("kind") ?? kind ?? ""
        guard Self.kinds.contains(kind) else {
            self = .other(kind: kind)
            return
        }
        var metadata = try ObjectMetadata(try fields.object("metadata"), kind: kind)
        guard !metadata.name.isEmpty else {
            throw ObjectError(
                line: node.line, column: node.column, field: kind, message: "metadata.name is missing; give it a name")
        }
        if metadata.namespace.isEmpty, !Self.clusterKinds.contains(kind) { metadata.namespace = namespace }
        do {
            self = try Self.read(kind, metadata, fields)
        } catch {
            throw ObjectError(
                line: error.line, column: error.column, field: "\(kind) \(metadata.id): \(error.field)",
                message: error.message)
        }
    }

    private static let kinds: Set<String> = ["Service", "EndpointSlice", "Endpoints", "Pod", "Node", "ServiceCIDR"]
    /// Those that live in no namespace.
    private static let clusterKinds: Set<String> = ["Node", "ServiceCIDR"]

    private static func read(
        _ kind: String, _ metadata: ObjectMetadata, _ fields: FieldReader
    ) throws(ObjectError) -> KubernetesObject {
        switch kind {
        case "Service": .service(try Service(metadata, fields))
        case "EndpointSlice": .endpointSlice(try EndpointSlice(metadata, fields))
        case "Endpoints": .endpoints(try Endpoints(metadata, fields))
        case "Pod": .pod(try Pod(metadata, fields))
        case "ServiceCIDR": .serviceCIDR(try ServiceCIDR(metadata, fields))
        default: .node(try Node(metadata, fields))
        }
    }
}
