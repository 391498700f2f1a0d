package import LoadBalancing

/// Which addresses Services may take on this node: what the configuration says, and what is known of the node's
/// surroundings. See ``AddressRefusal`` for the rules that hold whatever the configuration says.
package struct AddressPolicy: Hashable, Sendable {
    /// For `spec.externalIPs`.
    package var externalIPs = AddressAllowance.any
    /// For `status.loadBalancer.ingress`.
    package var loadBalancerIPs = AddressAllowance.any
    /// Whether the addresses of this node's Node object are served, at which they are never bound.
    package var servesNodeAddresses = false
    /// The cluster's service networks, for as long as no ServiceCIDR object tells them.
    package var serviceNetworks: [IPPrefix] = []
    /// The pods' networks.
    package var podNetworks: [IPPrefix] = []
    /// Where the API server is reached, as the configuration and the connections to it say.
    package var apiServers: Set<IPAddress> = []
    /// The gateways of this node's default routes.
    package var gateways: Set<IPAddress> = []
    /// The broadcast addresses of the networks that this node's devices are in.
    package var broadcasts: Set<IPAddress> = []

    package init() {}

    /// The same, but for single addresses of the surroundings that no endpoint has.
    func isEqual(exceptReserved other: Self) -> Bool {
        var other = other
        other.apiServers = apiServers
        other.gateways = gateways
        return self == other
    }

    /// The single addresses on which the two do not agree.
    func reserved(differingFrom other: Self) -> Set<IPAddress> {
        apiServers.symmetricDifference(other.apiServers).union(gateways.symmetricDifference(other.gateways))
    }
}
