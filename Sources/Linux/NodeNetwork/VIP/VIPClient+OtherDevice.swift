internal import CNetlink
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

    /// The addresses of the node that are not on a device of ours, whatever its name, nor on one of these; and who is
    /// around it.
    package func stations(exceptOn names: Set<String>) throws(NetlinkError) -> NodeStations {
        let links = try links()
        var stations = NodeStations()
        for found in try addresses() where links[found.link].map({ !$0.isOurs && !names.contains($0.name) }) ?? true {
            stations.addresses.insert(found.address)
            if let broadcast = found.broadcast, broadcast.special == nil { stations.broadcasts.insert(broadcast) }
        }
        for family in AddressFamily.allCases { stations.gateways.formUnion(try gateways(family)) }
        return stations
    }

    /// The gateways of the default routes. The kernel picks routes by their type; older ones give all.
    private func gateways(_ family: AddressFamily) throws(NetlinkError) -> Set<IPAddress> {
        var header = rtmsg()
        header.rtm_family = family.wireValue
        header.rtm_type = UInt8(RTN_UNICAST)
        do throws(NetlinkError) {
            return try channel.dump(
                "list default routes", MessageHead(type: UInt16(RTM_GETROUTE), header: header), initial: [],
                reduce: { (gateways, message) throws(NetlinkError) in
                    guard Int(message.type) == RTM_NEWROUTE else { return }
                    gateways.formUnion(try DefaultRoute(message)?.gateways ?? [])
                })
        } catch {
            guard error.kind == .refused(ENOENT) || error.kind == .refused(EAFNOSUPPORT) else { throw error }
            return []
        }
    }

    /// Marks a dummy device of somebody else's as ours, and changes nothing else of it. While it is down, as kube-proxy
    /// leaves its own, the kernel tells nobody of that (`netdev_state_change` in `net/core/dev.c`).
    ///
    /// - Throws: `EEXIST` when the device carries packets, `ENODEV` when there is none of that name.
    package func adoptDummy(named name: String) throws(NetlinkError) {
        let operation = "adopt device \(name)"
        guard let link = try link(named: name) else { throw NetlinkError(.refused(ENODEV), operation: operation) }
        guard link.kind == VIPDevice.kind else {
            throw NetlinkError(.refused(EEXIST), operation: operation, message: "it is no dummy device")
        }
        for failure in try send([.markLink(index: link.index)]) {
            throw NetlinkError(.refused(failure.errno), operation: operation, message: failure.message)
        }
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

/// A device that somebody else has made, with its addresses.
package struct OtherDevice: Hashable, Sendable {
    package let name: String
    /// Whether it carries no packets, as devices do that are there for their addresses alone.
    package let isDummy: Bool
    /// All but IPv6 link-local ones.
    package let addresses: Set<IPAddress>

    package init(name: String, isDummy: Bool, addresses: Set<IPAddress>) {
        self.name = name
        self.isDummy = isDummy
        self.addresses = addresses
    }
}

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
