internal import Glibc
package import LoadBalancing
package import Netlink

// Devices of others.
extension VIPClient {
    /// The device of that name with its addresses; `nil` when there is none, or it is ours.
    package func otherDevice(named name: String) throws(NetlinkError) -> OtherDevice? {
        guard let link = try link(named: name), !link.isOurs else { return nil }
        let addresses = try addresses().lazy.filter { $0.link == link.index && !$0.address.isLinkLocalV6 }
        return OtherDevice(
            name: name, isDummy: link.kind == VIPDevice.kind, addresses: Set(addresses.map(\.address)))
    }

    /// The addresses of the node that are not on a device of ours, whatever its name, nor on one of these.
    package func addresses(exceptOn names: Set<String>) throws(NetlinkError) -> Set<IPAddress> {
        let links = try links()
        return Set(
            try addresses().lazy.filter { found in
                links[found.link].map { !$0.isOurs && !names.contains($0.name) } ?? true
            }.map(\.address))
    }

    /// Removes a dummy device with every address on it. One that is gone already is as well.
    ///
    /// - Throws: `EEXIST` when the device of that name is ours, or carries packets.
    package func removeDummy(named name: String) throws(NetlinkError) {
        let operation = "remove device \(name)"
        guard let link = try link(named: name) else { return }
        guard link.kind == VIPDevice.kind, !link.isOurs else {
            throw NetlinkError(.refused(EEXIST), operation: operation, message: "it is no dummy device of another's")
        }
        for failure in try send([.removeLink(index: link.index)]) where failure.errno != ENODEV {
            throw NetlinkError(.refused(failure.errno), operation: operation, message: failure.message)
        }
    }
}
