internal import CNetlink
internal import Glibc
internal import LoadBalancing
package import Netlink

/// The addresses and routes of one network namespace, over route netlink.
///
/// Looking needs no rights, changes need `CAP_NET_ADMIN`. Every call blocks its thread until the kernel has answered.
package final class VIPClient: VIPTable {
    let channel: NetlinkChannel

    /// A client over a transport.
    package init(transport: any NetlinkTransport) {
        channel = NetlinkChannel(transport: transport)
    }

    /// A client for the calling process's network namespace.
    package convenience init() throws(NetlinkError) {
        self.init(transport: try NetlinkSocket(.route))
    }
}

// MARK: - Looking

extension VIPClient {
    package func read(device: String) throws(NetlinkError) -> ObservedVIPs {
        let links = try links()
        var observed = ObservedVIPs(device: links.values.first { $0.name == device }?.device ?? .missing)
        for found in try addresses() where !found.address.isLinkLocalV6 {
            let link = links[found.link]
            if found.isSingle, let link, link.name == device, link.isOurs {
                observed.addresses.insert(found.address)
            } else {
                // The same whatever the order of the dump, where several have it.
                let name = link?.name ?? "device \(found.link)"
                observed.elsewhere[found.address] = min(observed.elsewhere[found.address] ?? name, name)
            }
        }
        for family in AddressFamily.allCases { observed.routes.formUnion(try routes(family)) }
        return observed
    }

    /// Every device, by its number.
    func links() throws(NetlinkError) -> [UInt32: Link] {
        try channel.dump(
            "list devices", MessageHead(type: UInt16(RTM_GETLINK), header: ifinfomsg()), initial: [:],
            // Counters are most of what there is about a device.
            request: { $0.put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS)) },
            reduce: { (links, message) throws(NetlinkError) in
                guard Int(message.type) == RTM_NEWLINK else { return }
                let link = try Link(message)
                links[link.index] = link
            })
    }

    func addresses() throws(NetlinkError) -> [AssignedAddress] {
        try channel.dump(
            "list addresses", MessageHead(type: UInt16(RTM_GETADDR), header: ifaddrmsg()), initial: [],
            reduce: { (addresses, message) throws(NetlinkError) in
                guard Int(message.type) == RTM_NEWADDR, let address = try AssignedAddress(message) else { return }
                addresses.append(address)
            })
    }

    /// The networks of our local routes. The kernel picks them; older ones give all, of which we take ours.
    private func routes(_ family: AddressFamily) throws(NetlinkError) -> Set<IPPrefix> {
        var header = rtmsg()
        header.rtm_family = family.wireValue
        header.rtm_table = VIPRequest.localTable
        header.rtm_protocol = VIPRoute.protocolNumber
        header.rtm_type = UInt8(RTN_LOCAL)
        do throws(NetlinkError) {
            return try channel.dump(
                "list local routes", MessageHead(type: UInt16(RTM_GETROUTE), header: header), initial: [],
                reduce: { (routes, message) throws(NetlinkError) in
                    guard Int(message.type) == RTM_NEWROUTE,
                        let network = try IPPrefix(route: message, family: family)
                    else { return }
                    routes.insert(network)
                })
        } catch {
            // The table is made with its first route; without IPv6 there is none at all.
            guard error.kind == .refused(ENOENT) || error.kind == .refused(EAFNOSUPPORT) else { throw error }
            return []
        }
    }

    /// The device of that name.
    func link(named name: String) throws(NetlinkError) -> Link? {
        do throws(NetlinkError) {
            return try channel.get(
                "look up device \(name)", MessageHead(type: UInt16(RTM_GETLINK), header: ifinfomsg()), initial: nil,
                request: { $0.put(IFLA_IFNAME, string: name) },
                reduce: { (link, message) throws(NetlinkError) in link = try Link(message) })
        } catch {
            guard error.kind == .refused(ENODEV) else { throw error }
            return nil
        }
    }
}

// MARK: - Changing

extension VIPClient {
    package func apply(_ operations: [VIPOperation], device: String) throws(NetlinkError) -> [VIPFailure] {
        var failures: [VIPFailure] = []
        var rest = operations[...]
        while let first = rest.first {
            if first == .createDevice {
                failures += try createDevice(device)
                rest.removeFirst()
            } else {
                let end = rest.firstIndex(of: .createDevice) ?? rest.endIndex
                failures += try change(rest[..<end], device: device)
                rest = rest[end...]
            }
        }
        return failures
    }

    /// Makes the device and marks it in one datagram, which the kernel carries out even if this process dies.
    ///
    /// The device's number is ours to choose, so that the mark finds no device when somebody else's got the name first:
    /// one far from those that the kernel gives to new devices in turn.
    private func createDevice(_ name: String) throws(NetlinkError) -> [VIPFailure] {
        let taken = try links()
        var index: UInt32
        repeat { index = .random(in: 1 << 20..<1 << 30) } while taken[index] != nil
        let failures = try send([
            .createLink(name, index: index), .markLink(index: index), .withoutLinkLocal(index: index),
        ])
        // Without IPv6 there are no link-local addresses to go without.
        guard let failure = failures.first(where: { $0.index < 2 }) else { return [] }
        // Unmarked, it would be nobody's for ever.
        if failure.index == 1 { _ = try send([.removeLink(index: index)]) }
        return [VIPFailure(operation: .createDevice, errno: failure.errno, kernelMessage: failure.message)]
    }

    /// Carries out operations on a device that is there, or is not.
    private func change(
        _ operations: ArraySlice<VIPOperation>, device: String
    ) throws(NetlinkError) -> [VIPFailure] {
        let link = operations.contains(where: \.needsDevice) ? try link(named: device) : nil
        var failures: [VIPFailure] = []
        var sent: [VIPOperation] = []
        var requests: [VIPRequest] = []
        for operation in operations {
            if let request = VIPRequest(operation, index: link.flatMap { $0.isOurs ? $0.index : nil }) {
                sent.append(operation)
                requests.append(request)
            } else if link != nil || !operation.isDone(despite: ENODEV) {
                failures.append(VIPFailure(operation: operation, errno: link == nil ? ENODEV : EEXIST))
            }
        }
        for failure in try send(requests) where !sent[failure.index].isDone(despite: failure.errno) {
            failures.append(
                VIPFailure(operation: sent[failure.index], errno: failure.errno, kernelMessage: failure.message))
        }
        return failures
    }

    func send(_ requests: [VIPRequest]) throws(NetlinkError) -> [BatchFailure] {
        try channel.sendBatch(
            "change addresses and routes", count: requests.count, head: { requests[$0].head },
            message: { index, builder in builder.put(requests[index]) })
    }
}

extension VIPRequest {
    /// The request that carries out an operation; `nil` if that needs the device, and none of ours is there.
    fileprivate init?(_ operation: VIPOperation, index: UInt32?) {
        switch (operation, index) {
        case (.addRoute(let network), _): self = .addRoute(network)
        case (.removeRoute(let network), _): self = .removeRoute(network)
        case (.setUp, let index?): self = .setUp(index: index)
        case (.addAddress(let address), let index?): self = .addAddress(address, index: index)
        case (.removeAddress(let address), let index?): self = .removeAddress(address, index: index)
        case (.removeDevice, let index?): self = .removeLink(index: index)
        case (.createDevice, _), (_, nil): return nil
        }
    }
}

extension VIPOperation {
    /// Whether it changes our device.
    fileprivate var needsDevice: Bool {
        switch self {
        case .addRoute, .removeRoute: false
        case .createDevice, .setUp, .addAddress, .removeAddress, .removeDevice: true
        }
    }

    /// Whether that errno says that everything is as the operation wants it.
    fileprivate func isDone(despite errno: Int32) -> Bool {
        switch self {
        case .createDevice, .setUp: false
        case .addAddress, .addRoute: errno == EEXIST
        case .removeAddress: errno == EADDRNOTAVAIL || errno == ENODEV
        case .removeRoute: errno == ESRCH || errno == ENODEV
        case .removeDevice: errno == ENODEV
        }
    }
}

/// The addresses and local routes of a network namespace: the kernel's, or one in memory.
package protocol VIPTable: AnyObject {
    /// Everything that a plan needs to know.
    ///
    /// - Parameter device: The name of our device.
    func read(device: String) throws(NetlinkError) -> ObservedVIPs

    /// Carries the operations out in order and returns those that were refused.
    ///
    /// What is there already, or gone already, counts as done. Operations on a device that is not ours fail with
    /// `EEXIST`, those on a device that is missing with `ENODEV`.
    func apply(_ operations: [VIPOperation], device: String) throws(NetlinkError) -> [VIPFailure]
}

/// An operation that the kernel refused; the others were carried out.
package struct VIPFailure: Error, Hashable, Sendable {
    package let operation: VIPOperation
    /// The kernel's errno, positive.
    package let errno: Int32
    /// The kernel's extended acknowledgement, if it sent one.
    package let kernelMessage: String?

    package init(operation: VIPOperation, errno: Int32, kernelMessage: String? = nil) {
        self.operation = operation
        self.errno = errno
        self.kernelMessage = kernelMessage
    }

    /// What failed and why, in words.
    package func text(device: String) -> String {
        let error = NetlinkError(.refused(errno), operation: operation.text(device: device), message: kernelMessage)
        let remedy =
            operation == .createDevice && errno == EOPNOTSUPP
            ? "; modprobe dummy, or set network.vipBinding: route" : ""
        return "cannot \(error.operation): \(error.reason)\(remedy)"
    }
}
