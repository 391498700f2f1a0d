package import Netlink
package import NodeNetwork

/// The addresses of a network namespace with the devices of others: the kernel's, or some in memory.
package protocol LeftoverDevices: VIPTable {
    /// The device of that name with its addresses; `nil` when there is none, or it is ours.
    func otherDevice(named name: String) throws(NetlinkError) -> OtherDevice?

    /// Removes a dummy device with every address on it. One that is gone already is as well.
    func removeDummy(named name: String) throws(NetlinkError)
}

extension VIPClient: LeftoverDevices {}
