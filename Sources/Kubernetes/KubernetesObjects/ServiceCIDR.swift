/// A ServiceCIDR (`networking.k8s.io/v1`): networks from which the API server gives cluster IPs.
package struct ServiceCIDR: Hashable, Sendable {
    package var metadata: ObjectMetadata
    /// As written.
    package var cidrs: [String]

    package init(_ metadata: ObjectMetadata, cidrs: [String] = []) {
        self.metadata = metadata
        self.cidrs = cidrs
    }
}

extension ServiceCIDR {
    init(_ metadata: ObjectMetadata, _ fields: FieldReader) throws(ObjectError) {
        self.init(metadata, cidrs: try fields.object("spec").strings("cidrs"))
    }
}
