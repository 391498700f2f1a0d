internal import Agent
package import Netlink
package import NodeNetwork

extension InMemoryNetwork: LeftoverDevices {
    package func otherDevice(named name: String) throws(NetlinkError) -> OtherDevice? {
        if let readError { throw readError }
        guard let device = devices[name], !device.isOurs else { return nil }
        return OtherDevice(name: name, isDummy: device.isDummy, addresses: device.addresses)
    }

    package func removeDummy(named name: String) throws(NetlinkError) {
        guard let device = devices[name] else { return }
        guard device.isDummy, !device.isOurs else {
            throw NetlinkError(.refused(Errno.exists), operation: "remove device \(name)")
        }
        devices[name] = nil
    }
}
