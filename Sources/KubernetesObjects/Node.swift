/// A Node (`v1`), as far as topology and node ports need it.
package struct Node: Hashable, Sendable {
    package var metadata: ObjectMetadata
    /// `InternalIP` addresses, then `ExternalIP` ones, as written.
    package var addresses: [String]

    package init(_ metadata: ObjectMetadata, addresses: [String] = []) {
        self.metadata = metadata
        self.addresses = addresses
    }

    /// The label `topology.kubernetes.io/zone`; empty when there is none.
    package var zone: String { metadata.labels["topology.kubernetes.io/zone"] ?? "" }
}
