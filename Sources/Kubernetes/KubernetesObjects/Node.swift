/// A Node (`v1`), as far as topology and node ports need it.
package struct Node: Hashable, Sendable {
    package var metadata: ObjectMetadata
    /// `InternalIP` addresses, then `ExternalIP` ones, as written.
    package var addresses: [String]
    /// The networks of its Pods (`spec.podCIDRs`), as written.
    package var podNetworks: [String]

    /// Whether it is about to go: it is being deleted, or the cluster autoscaler is going to do that. Load balancers are
    /// told to bring no new connections then (KEP-3836).
    package var isLeaving: Bool

    package init(
        _ metadata: ObjectMetadata, addresses: [String] = [], podNetworks: [String] = [], isLeaving: Bool = false
    ) {
        self.metadata = metadata
        self.addresses = addresses
        self.podNetworks = podNetworks
        self.isLeaving = isLeaving
    }

    /// The taint by which the cluster autoscaler tells that it is going to delete the node.
    static let deletionTaint = "ToBeDeletedByClusterAutoscaler"

    /// The label `topology.kubernetes.io/zone`; empty when there is none.
    package var zone: String { metadata.labels["topology.kubernetes.io/zone"] ?? "" }
}
