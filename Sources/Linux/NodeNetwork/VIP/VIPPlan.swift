package import DataPath
package import LoadBalancing

/// The changes that make the node take addresses as its own.
package struct VIPPlan: Hashable, Sendable {
    /// The name of our device.
    package let device: String
    /// In an order in which each is possible, and in which what comes is there before what goes has gone.
    package let operations: [VIPOperation]
    /// Wanted addresses that another device has, with its name: they answer without us, and are left as they are.
    package let elsewhere: [IPAddress: String]

    /// Whether there is nothing to do.
    package var isEmpty: Bool { operations.isEmpty }

    /// The operations in words.
    package var lines: [String] { operations.map { $0.text(device: device) } }

    /// The plan from what is to what is wanted. What another kind of binding has made goes.
    ///
    /// Our device is made with the first address that needs it, and stays until the binding changes.
    ///
    /// - Parameters:
    ///   - device: The name of our device.
    ///   - addresses: What the node shall take as its own; used by ``VIPBinding/address``.
    ///   - routes: The networks that shall answer; used by ``VIPBinding/route``.
    /// - Throws: An error when addresses are wanted on a device that is somebody else's.
    package static func between(
        binding: VIPBinding, addresses: Set<IPAddress>, routes: [IPPrefix],
        device: String = VIPDevice.defaultName, observed: ObservedVIPs
    ) throws(VIPPlanError) -> VIPPlan {
        let networks = binding == .route ? Set(routes) : []
        var coming = networks.subtracting(observed.routes).sorted().map(VIPOperation.addRoute)
        let going = observed.routes.subtracting(networks).sorted().map(VIPOperation.removeRoute)
        guard binding == .address else {
            return VIPPlan(
                device: device, operations: coming + going + removal(of: observed.device), elsewhere: [:])
        }
        if observed.device == .foreign { throw .deviceIsForeign(name: device) }
        let elsewhere = observed.elsewhere.filter { addresses.contains($0.key) }
        let missing = addresses.subtracting(observed.addresses).filter { elsewhere[$0] == nil }
        // One that another device has got meanwhile answers without us too.
        let leaving = observed.addresses.filter { !addresses.contains($0) || elsewhere[$0] != nil }
        if observed.device == .missing, !missing.isEmpty { coming.append(.createDevice) }
        let additions = missing.sorted()
        // Of a device that is up, the kernel looks at every route for each IPv4 address (fib_sync_up). IPv6 addresses of
        // a device that comes up may be dropped without a word to us (addrconf_permanent_addr): their routes are made
        // anew from memory that it does not wait for.
        coming += additions.lazy.filter { $0.family == .ipv4 }.map(VIPOperation.addAddress)
        if device != DataPathSettings.kubeProxyDevice, comesUp(observed.device, isNeeded: !missing.isEmpty) {
            coming.append(.setUp)
        }
        coming += additions.lazy.filter { $0.family == .ipv6 }.map(VIPOperation.addAddress)
        return VIPPlan(
            device: device, operations: coming + leaving.sorted().map(VIPOperation.removeAddress) + going,
            elsewhere: elsewhere)
    }

    /// The plan that removes what is ours, and nothing else.
    package static func cleanup(device: String = VIPDevice.defaultName, observed: ObservedVIPs) -> VIPPlan {
        VIPPlan(
            device: device,
            operations: observed.routes.sorted().map(VIPOperation.removeRoute) + removal(of: observed.device),
            elsewhere: [:])
    }

    private static func comesUp(_ device: VIPDevice, isNeeded: Bool) -> Bool {
        switch device {
        case .missing: isNeeded
        case .ours(let isUp): !isUp
        case .foreign: false
        }
    }

    private static func removal(of device: VIPDevice) -> [VIPOperation] {
        if case .ours = device { [.removeDevice] } else { [] }
    }
}

/// Why there is no plan.
package enum VIPPlanError: Error, Hashable, Sendable {
    /// A device of our device's name is somebody else's.
    case deviceIsForeign(name: String)
}

extension VIPPlanError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .deviceIsForeign(let name):
            "there is a device \(name) that ipvsync has not made (it is no dummy device with the alias "
                + "“\(VIPDevice.alias)”): "
                + (name == DataPathSettings.kubeProxyDevice
                    ? "once kube-proxy is stopped, 'ipvsync takeover' adopts it as it is"
                    : "remove or rename it, or configure another name")
        }
    }
}

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

    /// Whether a single address answers because of us.
    package func isBound(_ address: IPAddress) -> Bool {
        addresses.contains(address) || routes.contains(IPPrefix(address))
    }

    /// What is known of a few addresses, and of networks beside them, as if there were no others.
    package func part(_ few: Set<IPAddress>, networks: [IPPrefix]) -> ObservedVIPs {
        var part = ObservedVIPs(
            device: device, addresses: few.filter(addresses.contains),
            routes: Set((few.map { IPPrefix($0) } + networks).filter(routes.contains)))
        for address in few { part.elsewhere[address] = elsewhere[address] }
        return part
    }

    /// Takes note of an operation that was carried out.
    package mutating func note(_ operation: VIPOperation) {
        switch operation {
        case .createDevice: device = .ours(isUp: false)
        case .setUp: device = .ours(isUp: true)
        case .removeDevice: (device, addresses) = (.missing, [])
        case .addAddress(let address): addresses.insert(address)
        case .removeAddress(let address): addresses.remove(address)
        case .addRoute(let network): routes.insert(network)
        case .removeRoute(let network): routes.remove(network)
        }
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

    /// Takes somebody else's device of that name for ours, with its addresses.
    package mutating func adopt(_ name: String) {
        guard device == .foreign else { return }
        device = .ours(isUp: false)
        addresses = Set(elsewhere.lazy.filter { $0.value == name }.map(\.key))
        for address in addresses { elsewhere[address] = nil }
    }
}

/// Whose the device is that bears the name of ours.
package enum VIPDevice: Hashable, Sendable {
    /// There is none of that name.
    case missing
    /// A dummy device that we made, as its alias says.
    case ours(isUp: Bool)
    /// Somebody else made it: nothing of it is ever touched.
    case foreign

    /// The name unless another is configured.
    package static let defaultName = "ipvsync0"
    /// The alias (`IFLA_IFALIAS`) by which a device is ours.
    package static let alias = "ipvsync"
    /// The kind of device (`IFLA_INFO_KIND`): it takes packets and carries none.
    package static let kind = "dummy"
}

/// What makes a route one of ours: local, on the loopback device, and with a protocol number that nobody else has.
package enum VIPRoute {
    /// The origin of a route (`rtm_protocol`); the kernel keeps it and gives it no meaning.
    package static let protocolNumber: UInt8 = 218
    /// The metric (`RTA_PRIORITY`): with one of their own, our routes never meet another's of the same network.
    static let metric: UInt32 = 218
}
