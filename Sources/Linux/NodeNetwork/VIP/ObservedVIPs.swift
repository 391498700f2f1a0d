package import LoadBalancing

/// What a network namespace has of addresses and of our routes.
package struct ObservedVIPs: Hashable, Sendable {
    package var device: VIPDevice
    /// Single addresses (`/32`, `/128`) on our device; empty when the device is not ours.
    package var addresses: Set<IPAddress>
    /// All other addresses, with the name of a device that has them. IPv6 link-local ones are left out.
    package var elsewhere: [IPAddress: String]
    /// The networks that local routes of ours (``VIPRoute``) make answer.
    package var routes: Set<IPPrefix>

    /// The single addresses that answer because of us, by either kind of binding.
    package var bound: Set<IPAddress> {
        addresses.union(routes.lazy.filter(\.isSingleAddress).map(\.address))
    }

    package init(
        device: VIPDevice = .missing, addresses: Set<IPAddress> = [], elsewhere: [IPAddress: String] = [:],
        routes: Set<IPPrefix> = []
    ) {
        self.device = device
        self.addresses = addresses
        self.elsewhere = elsewhere
        self.routes = routes
    }
}
