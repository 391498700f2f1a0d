package import LoadBalancing
package import Netlink
package import NodeNetwork

/// Devices, addresses and routes in memory that refuse what the kernel refuses, for tests; held to the real ones by one
/// contract suite.
package final class InMemoryNetwork: VIPTable {
    struct Device {
        var isOurs: Bool
        var isUp: Bool
        var isDummy = true
        var addresses: Set<IPAddress> = []
    }

    var devices = [
        "lo": Device(
            isOurs: false, isUp: true, isDummy: false,
            addresses: [IPAddress(v4: 0x7F00_0001), IPAddress(v6High: 0, low: 1)])
    ]
    private var routes: Set<IPPrefix> = []
    /// Every operation that was tried, refused ones included.
    package private(set) var operations: [VIPOperation] = []
    /// How often everything was read.
    package private(set) var readCount = 0

    /// Thrown by every read while it is set.
    package var readError: NetlinkError?
    /// Errnos for operations that shall fail.
    package var refusals: [VIPOperation: Int32] = [:]
    /// Thrown by the next `apply` after everything was carried out: answers that get lost.
    package var errorAfterNextApply: NetlinkError?

    package init() {}

    package func read(device: String) throws(NetlinkError) -> ObservedVIPs {
        readCount += 1
        if let readError { throw readError }
        let own = devices[device]
        var observed = ObservedVIPs(
            device: own.map { $0.isOurs ? .ours(isUp: $0.isUp) : .foreign } ?? .missing, routes: routes)
        for (name, found) in devices.sorted(by: { $0.key > $1.key }) {
            if name == device, found.isOurs {
                observed.addresses = found.addresses
            } else {
                for address in found.addresses { observed.elsewhere[address] = name }
            }
        }
        return observed
    }

    package func apply(_ operations: [VIPOperation], device: String) throws(NetlinkError) -> [VIPFailure] {
        var failures: [VIPFailure] = []
        for operation in operations {
            self.operations.append(operation)
            let code = refusals[operation] ?? carryOut(operation, device)
            if code != 0 { failures.append(VIPFailure(operation: operation, errno: code)) }
        }
        if let error = errorAfterNextApply {
            errorAfterNextApply = nil
            throw error
        }
        return failures
    }

    /// Somebody else makes a device.
    package func addForeignDevice(_ name: String, isDummy: Bool = true) {
        devices[name] = Device(isOurs: false, isUp: false, isDummy: isDummy)
    }

    /// Somebody else removes a device, ours too.
    package func loseDevice(_ name: String) { devices[name] = nil }

    /// Somebody else gives a device an address.
    package func addForeignAddress(_ address: IPAddress, to device: String) {
        devices[device]?.addresses.insert(address)
    }

    /// Somebody else takes an address away.
    package func removeForeignAddress(_ address: IPAddress, from device: String) {
        devices[device]?.addresses.remove(address)
    }
}

extension InMemoryNetwork {
    enum Errno {
        static let exists: Int32 = 17
        static let noDevice: Int32 = 19
    }

    /// Carries an operation out; 0, or the errno that it fails with.
    private func carryOut(_ operation: VIPOperation, _ name: String) -> Int32 {
        switch operation {
        case .addRoute(let network): routes.insert(network)
        case .removeRoute(let network): routes.remove(network)
        case .createDevice:
            if devices[name] != nil { return Errno.exists }
            devices[name] = Device(isOurs: true, isUp: false)
        case .setUp, .addAddress, .removeAddress, .removeDevice:
            guard let device = devices[name] else { return operation.isRemoval ? 0 : Errno.noDevice }
            guard device.isOurs else { return Errno.exists }
            devices[name] = changed(device, by: operation)
        }
        return 0
    }

    private func changed(_ device: Device, by operation: VIPOperation) -> Device? {
        var device = device
        switch operation {
        case .setUp: device.isUp = true
        case .addAddress(let address): device.addresses.insert(address)
        case .removeAddress(let address): device.addresses.remove(address)
        case .removeDevice: return nil
        case .createDevice, .addRoute, .removeRoute: break
        }
        return device
    }
}

extension VIPOperation {
    fileprivate var isRemoval: Bool {
        switch self {
        case .removeAddress, .removeRoute, .removeDevice: true
        case .createDevice, .setUp, .addAddress, .addRoute: false
        }
    }
}
