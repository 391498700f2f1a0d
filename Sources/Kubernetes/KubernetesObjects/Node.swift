/// A Node (`v1`), as far as topology and node ports need it.
package struct Node: Hashable, Sendable {
    package var metadata: ObjectMetadata
    /// `InternalIP` addresses, then `ExternalIP` ones, as written.
    package var addresses: [String]
    /// The networks of its Pods (`spec.podCIDRs`), as written.
    package var podNetworks: [String]

    package init(_ metadata: ObjectMetadata, addresses: [String] = [], podNetworks: [String] = []) {
        self.metadata = metadata
        self.addresses = addresses
        self.podNetworks = podNetworks
    }

    /// The label `topology.kubernetes.io/zone`; empty when there is none.
    package var zone: String { metadata.labels["topology.kubernetes.io/zone"] ?? "" }
}
