internal import CNetlink
internal import Glibc
package import LoadBalancing
package import Netlink

/// The IPVS tables of one network namespace, over generic netlink.
///
/// Every call needs `CAP_NET_ADMIN` and blocks its thread until the kernel has answered.
package final class IPVSClient {
    private let channel: GenericNetlinkChannel

    /// The family's name and version (`IPVS_GENL_NAME` in `<linux/ip_vs.h>`).
    package static let familyName = "IPVS"
    static let familyVersion: UInt8 = 1

    /// A client over a transport, for a kernel in which the family has that number.
    package init(transport: any NetlinkTransport, family: UInt16) {
        channel = GenericNetlinkChannel(transport: transport, family: family, version: Self.familyVersion)
    }

    /// A client over a transport, for a kernel whose family may come and go.
    package init(transport: any NetlinkTransport, family: GenericNetlinkFamily) {
        channel = GenericNetlinkChannel(transport: transport, family: family)
    }

    /// A client for the calling process's network namespace; asking for the family may load `ip_vs`.
    ///
    /// It goes on working when the module is unloaded and loaded again: until then everything fails with
    /// ``NetlinkError/Kind/familyMissing``.
    package convenience init() throws(NetlinkError) {
        let family = try GenericNetlinkFamily(Self.familyName, version: Self.familyVersion, module: "ip_vs")
        self.init(transport: try GenericNetlinkSocket(), family: family)
        try channel.resolve()
    }
}

// MARK: - Looking

extension IPVSClient {
    /// All virtual servers without their real servers, sorted by key, each once.
    ///
    /// Dumps resume by position, so a change in between can make the kernel send an entry twice or not at all.
    package func virtualServers(statistics: Bool = false) throws(NetlinkError) -> [ObservedVirtualServer] {
        var found: [ObservedVirtualServer] = try channel.dump(
            "list virtual servers", command: Command.getService.rawValue, initial: [],
            reduce: { (list, cursor) throws(NetlinkError) in
                while let service = try cursor.next(nested: IPVS_CMD_ATTR_SERVICE) {
                    list.append(try ServiceAttributes(service, statistics: statistics).virtualServer())
                }
            })
        found.sortUnique(by: \.key)
        return found
    }

    /// The real servers of a virtual server, sorted by endpoint, each once.
    ///
    /// The list of a virtual server that does not exist is empty too: see ``virtualServer(_:)``.
    package func realServers(
        of key: VirtualServerKey, statistics: Bool = false
    ) throws(NetlinkError) -> [ObservedRealServer] {
        var found: [ObservedRealServer] = try channel.dump(
            "list the real servers of \(key)", command: Command.getDestination.rawValue, initial: [],
            request: { $0.putService(key) },
            reduce: { (list, cursor) throws(NetlinkError) in
                while let destination = try cursor.next(nested: IPVS_CMD_ATTR_DEST) {
                    let destination = try DestinationAttributes(destination, statistics: statistics)
                    var realServer = try destination.realServer(serviceFamily: key.family)
                    realServer.position = UInt32(clamping: list.count)
                    list.append(realServer)
                }
            })
        found.sortUnique(by: \.endpoint)
        // A list that grew keeps room for as much again: with thousands of lists that is most of the memory.
        return found.withUnsafeBufferPointer { Array($0) }
    }

    /// One virtual server without its real servers; `nil` if the kernel has none of that key.
    package func virtualServer(
        _ key: VirtualServerKey, statistics: Bool = false
    ) throws(NetlinkError) -> ObservedVirtualServer? {
        do throws(NetlinkError) {
            return try channel.get(
                "look up \(key)", command: Command.getService.rawValue, initial: nil, request: { $0.putService(key) },
                reduce: { (found, cursor) throws(NetlinkError) in
                    while let service = try cursor.next(nested: IPVS_CMD_ATTR_SERVICE) {
                        found = try ServiceAttributes(service, statistics: statistics).virtualServer()
                    }
                })
        } catch {
            guard error.kind == .refused(ESRCH) else { throw error }
            return nil
        }
    }

    /// The namespace's connection timeouts.
    package func timeouts() throws(NetlinkError) -> ConnectionTimeouts {
        try channel.get(
            "read the connection timeouts", command: Command.getConfig.rawValue, initial: ConnectionTimeouts(),
            reduce: { (timeouts, cursor) throws(NetlinkError) in
                while let attribute = try cursor.next() {
                    switch attribute.type {
                    case IPVS_CMD_ATTR_TIMEOUT_TCP: timeouts.tcp = try attribute.integer()
                    case IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: timeouts.tcpFin = try attribute.integer()
                    case IPVS_CMD_ATTR_TIMEOUT_UDP: timeouts.udp = try attribute.integer()
                    default: break
                    }
                }
            })
    }

    /// The synchronisation daemons that run, by role.
    package func syncDaemons() throws(NetlinkError) -> [SyncDaemon] {
        let found: [SyncDaemon] = try channel.dump(
            "list synchronisation daemons", command: Command.getDaemon.rawValue, initial: [],
            reduce: { (list, cursor) throws(NetlinkError) in
                while let daemon = try cursor.next(nested: IPVS_CMD_ATTR_DAEMON) {
                    list.append(try SyncDaemon(daemon))
                }
            })
        return found.sorted { $0.role < $1.role }
    }

    /// The version and size of the kernel's IPVS.
    package func information() throws(NetlinkError) -> KernelInformation {
        let (version, size): (UInt32, UInt32) = try channel.get(
            "read the IPVS version", command: Command.getInformation.rawValue, initial: (0, 0),
            reduce: { (pair, cursor) throws(NetlinkError) in
                while let attribute = try cursor.next() {
                    switch attribute.type {
                    case IPVS_INFO_ATTR_VERSION: pair.0 = try attribute.integer()
                    case IPVS_INFO_ATTR_CONN_TAB_SIZE: pair.1 = try attribute.integer()
                    default: break
                    }
                }
            })
        return KernelInformation(versionNumber: version, connectionTableSize: size)
    }

    /// Everything, sorted: one dump of the virtual servers, then one dump each of their real servers.
    package func state(statistics: Bool = false) throws(NetlinkError) -> ObservedState {
        var virtualServers = try virtualServers(statistics: statistics)
        for index in virtualServers.indices {
            virtualServers[index].realServers = try realServers(
                of: virtualServers[index].key, statistics: statistics)
        }
        return ObservedState(
            virtualServers: virtualServers, timeouts: try timeouts(), syncDaemons: try syncDaemons())
    }
}

// MARK: - Changing

extension IPVSClient {
    /// Carries the operations out in order, many to a datagram, and returns those that the kernel refused.
    ///
    /// - Throws: An error when the answers are lost: what was carried out is unknown then, so look again.
    package func apply(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure] {
        guard operations.contains(where: \.isMove) else { return try send(operations) }
        var failures: [OperationFailure] = []
        for start in stride(from: 0, to: operations.count, by: Self.movesAtOnce) {
            let end = min(operations.count, start + Self.movesAtOnce)
            failures += try sendMoves(operations, start..<end)
        }
        return failures
    }

    /// So many operations and their other halves fit into one datagram: no move is begun in one and ended in the next.
    private static let movesAtOnce = NetlinkChannel.batchLimit / 4

    private func sendMoves(
        _ operations: [TableOperation], _ range: Range<Int>
    ) throws(NetlinkError) -> [OperationFailure] {
        // A move is two messages. Whatever comes of the first one, the second tells: what is still there is refused.
        var messages: [TableOperation] = []
        var origins: [Int?] = []
        for index in range {
            let operation = operations[index]
            if case .moveRealServer(let realServer, let key) = operation {
                messages.append(.removeRealServer(realServer.endpoint, from: key))
                origins.append(nil)
            }
            messages.append(operation)
            origins.append(index)
        }
        return try send(messages).compactMap { failure in
            origins[failure.index].map {
                OperationFailure(
                    index: $0, operation: failure.operation, errno: failure.errno, kernelMessage: failure.kernelMessage)
            }
        }
    }

    private func send(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure] {
        let failures = try channel.sendBatch(
            "apply \(operations.count) operations", count: operations.count,
            command: { operations[$0].command.rawValue },
            message: { index, builder in builder.put(operations[index]) })
        return failures.map { failure in
            OperationFailure(
                index: failure.index, operation: operations[failure.index], errno: failure.errno,
                kernelMessage: failure.message)
        }
    }

    /// Sets the counters of one virtual server, or of all, back to zero.
    package func zeroCounters(of key: VirtualServerKey? = nil) throws(NetlinkError) {
        try send("zero the counters of \(key.map(\.description) ?? "everything")", .zero) { builder in
            if let key { builder.putService(key) }
        }
    }

    /// Removes every virtual server of the namespace, whoever made it.
    package func flush() throws(NetlinkError) {
        try send("remove every virtual server", .flush) { _ in }
    }

    private func send(
        _ operation: String, _ command: Command, _ attributes: (inout MessageBuilder) -> Void
    ) throws(NetlinkError) {
        let failures = try channel.sendBatch(
            operation, count: 1, command: { _ in command.rawValue }, message: { _, builder in attributes(&builder) })
        if let failure = failures.first {
            throw NetlinkError(.refused(failure.errno), operation: operation, message: failure.message)
        }
    }
}

/// What the kernel says of its IPVS (`IPVS_CMD_GET_INFO`).
package struct KernelInformation: Hashable, Sendable {
    /// `1.2.1` for every kernel since 2008.
    package let version: String
    /// Buckets of the connection table.
    package let connectionTableSize: UInt32

    /// From the packed version number: one byte each for major, minor and patch level.
    init(versionNumber: UInt32, connectionTableSize: UInt32) {
        version = "\(versionNumber >> 16 & 0xFF).\(versionNumber >> 8 & 0xFF).\(versionNumber & 0xFF)"
        self.connectionTableSize = connectionTableSize
    }
}
