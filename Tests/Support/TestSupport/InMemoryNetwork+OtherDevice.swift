internal import Agent
package import Netlink
package import NodeNetwork

extension InMemoryNetwork: LeftoverDevices {
    package func otherDevice(named name: String) throws(NetlinkError) -> OtherDevice? {
        if let readError { throw readError }
        guard let device = devices[name], !device.isOurs else { return nil }
        return OtherDevice(name: name, isDummy: device.isDummy, addresses: device.addresses)
    }

    package func adoptDummy(named name: String) throws(NetlinkError) {
        guard let device = devices[name] else {
            throw NetlinkError(.refused(Errno.noDevice), operation: "adopt device \(name)")
        }
        guard device.isDummy else {
            throw NetlinkError(.refused(Errno.exists), operation: "adopt device \(name)")
        }
        devices[name]?.isOurs = true
    }

    package func removeDummy(named name: String) throws(NetlinkError) {
        guard let device = devices[name] else { return }
        guard device.isDummy, !device.isOurs else {
            throw NetlinkError(.refused(Errno.exists), operation: "remove device \(name)")
        }
        devices[name] = nil
    }
}
