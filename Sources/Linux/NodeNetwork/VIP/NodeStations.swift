package import LoadBalancing

/// The addresses of a node, and those around it that are nobody's to take.
package struct NodeStations: Hashable, Sendable {
    /// Its own, but for those on devices that are left out.
    package var addresses: Set<IPAddress> = []
    /// The broadcast addresses of their networks.
    package var broadcasts: Set<IPAddress> = []
    /// The gateways of default routes, of any table.
    package var gateways: Set<IPAddress> = []

    package init() {}
}
