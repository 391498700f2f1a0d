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
    ///   - apiVersion: The same, of their version.
    ///   - namespace: Where an object without a namespace lives.
    package init(
        _ node: YAMLNode, kind: String? = nil, apiVersion: String? = nil, namespace: String = "default"
    ) throws(ObjectError) {
        let fields = try FieldReader(node, "object")
        let kind = try fields.optionalString("kind") ?? kind ?? ""
        let apiVersion = try fields.optionalString("apiVersion") ?? apiVersion
        guard let type = try ObjectType(kind, apiVersion, fields) else {
            self = .other(kind: Self.name(kind, apiVersion))
            return
        }
        var metadata = try ObjectMetadata(try fields.object("metadata"), kind: kind)
        guard !metadata.name.isEmpty else {
            throw ObjectError(
                line: node.line, column: node.column, field: kind, message: "metadata.name is missing; give it a name")
        }
        if metadata.namespace.isEmpty, !type.isClusterWide { metadata.namespace = namespace }
        do {
            self = try Self.read(type, metadata, fields)
        } catch {
            throw ObjectError(
                line: error.line, column: error.column, field: "\(kind) \(metadata.id): \(error.field)",
                message: error.message)
        }
    }

    private static func read(
        _ type: ObjectType, _ metadata: ObjectMetadata, _ fields: FieldReader
    ) throws(ObjectError) -> KubernetesObject {
        switch type {
        case .service: .service(try Service(metadata, fields))
        case .endpointSlice: .endpointSlice(try EndpointSlice(metadata, fields))
        case .endpoints: .endpoints(try Endpoints(metadata, fields))
        case .pod: .pod(try Pod(metadata, fields))
        case .node: .node(try Node(metadata, fields))
        case .serviceCIDR: .serviceCIDR(try ServiceCIDR(metadata, fields))
        }
    }

    /// `Deployment`, or with its group where that tells it from a kind that is read: `Service of serving.knative.dev/v1`.
    private static func name(_ kind: String, _ apiVersion: String?) -> String {
        guard ObjectType(rawValue: kind) != nil, let apiVersion else { return kind }
        return "\(kind) of \(apiVersion)"
    }
}

/// A kind that is read; other API groups have kinds of the same names (Knative's Service, Longhorn's Node).
private enum ObjectType: String {
    case service = "Service"
    case endpointSlice = "EndpointSlice"
    case endpoints = "Endpoints"
    case pod = "Pod"
    case node = "Node"
    case serviceCIDR = "ServiceCIDR"

    /// Whether its objects live in no namespace.
    var isClusterWide: Bool { self == .node || self == .serviceCIDR }

    /// - Parameter apiVersion: `nil` for the version that is read, where a list or a request tells it.
    /// - Returns: `nil` for a kind that is not read.
    /// - Throws: For a version of EndpointSlice whose fields are not known.
    init?(_ kind: String, _ apiVersion: String?, _ fields: FieldReader) throws(ObjectError) {
        guard let type = ObjectType(rawValue: kind) else { return nil }
        self = type
        switch (type, apiVersion) {
        case (_, nil), (.endpointSlice, "discovery.k8s.io/v1"), (.endpointSlice, "discovery.k8s.io/v1beta1"),
            (.serviceCIDR, "networking.k8s.io/v1"), (.serviceCIDR, "networking.k8s.io/v1beta1"):
            break
        case (.endpointSlice, let version?):
            guard version.hasPrefix("discovery.k8s.io/") else { return nil }
            throw fields.failure(
                "apiVersion", "is \(version); dump the slices as discovery.k8s.io/v1 or discovery.k8s.io/v1beta1")
        case (.serviceCIDR, _): return nil
        case (_, "v1"): break
        default: return nil
        }
    }
}
