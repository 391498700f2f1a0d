package import LoadBalancing

/// What holds for all Services alike.
package struct FirewallSettings: Hashable, Sendable {
    /// The packet mark's bit that asks for the node's address as the source.
    package var masqueradeMark: UInt32
    /// Whether connections to cluster IPs get it from wherever they come.
    package var masqueradesAll: Bool
    /// The networks of the cluster's pods, whose connections to cluster IPs keep their source; empty when unknown, and
    /// then all keep it.
    package var podNetworks: [IPPrefix]
    /// Networks that are the node's own as a whole, for Services alone: what is no service there is refused.
    package var servedNetworks: [IPPrefix]

    /// The bit that kube-proxy uses.
    package static let defaultMark: UInt32 = 0x4000

    package init(
        masqueradeMark: UInt32 = defaultMark, masqueradesAll: Bool = false, podNetworks: [IPPrefix] = [],
        servedNetworks: [IPPrefix] = []
    ) {
        self.masqueradeMark = masqueradeMark
        self.masqueradesAll = masqueradesAll
        self.podNetworks = podNetworks
        self.servedNetworks = servedNetworks
    }
}
