package import LoadBalancing

/// One change of the node's addresses or routes. Each is done when the kernel is already as it wants it.
package enum VIPOperation: Hashable, Sendable {
    /// Makes our device, marked as ours. A device of that name is a failure.
    case createDevice
    case setUp
    case addAddress(IPAddress)
    case addRoute(IPPrefix)
    case removeAddress(IPAddress)
    case removeRoute(IPPrefix)
    /// Removes our device with every address on it.
    case removeDevice

    /// What it does to a device of that name, in words for a plan.
    package func text(device: String) -> String {
        switch self {
        case .createDevice: "create device \(device)"
        case .setUp: "set \(device) up"
        case .addAddress(let address): "add address \(address) to \(device)"
        case .addRoute(let network): "add local route \(network)"
        case .removeAddress(let address): "remove address \(address) from \(device)"
        case .removeRoute(let network): "remove local route \(network)"
        case .removeDevice: "remove device \(device)"
        }
    }
}

extension VIPOperation {
    /// The single address that no longer answers by this.
    package var unboundAddress: IPAddress? {
        switch self {
        case .removeAddress(let address): address
        case .removeRoute(let network) where network.isSingleAddress: network.address
        default: nil
        }
    }
}

extension VIPOperation: CustomStringConvertible {
    /// What it does, without the device's name.
    package var description: String { text(device: "the VIP device") }
}
