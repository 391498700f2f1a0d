internal import Agent
package import LoadBalancing
package import Netlink

/// IPVS tables in memory that refuse what the kernel refuses, for tests; held to the real ones by one contract suite.
package final class InMemoryKernel: VirtualServerTable {
    package private(set) var virtualServers: [VirtualServerKey: ObservedVirtualServer] = [:]
    package private(set) var timeouts = ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300)
    package private(set) var syncDaemons: [SyncDaemon] = []
    /// Operations that were tried, refused ones included.
    package private(set) var operationCount = 0
    /// Looks at the whole state.
    package private(set) var readCount = 0
    /// Virtual servers that were looked at one by one.
    package private(set) var closeReadCount = 0

    /// Runs before each operation, with its index: another writer, or a crash by throwing.
    package var beforeOperation: ((Int, InMemoryKernel) throws(NetlinkError) -> Void)?
    /// Thrown by the next `apply` after everything was carried out: answers that get lost.
    package var errorAfterNextApply: NetlinkError?
    /// Errnos for operations that shall fail.
    package var refusals: [TableOperation: Int32] = [:]

    package init() {}

    package func readState(statistics: Bool) -> ObservedState {
        readCount += 1
        return ObservedState(
            virtualServers: virtualServers.values.sorted { $0.key < $1.key }, timeouts: timeouts,
            syncDaemons: syncDaemons.sorted { $0.role < $1.role })
    }

    package func readSettings() -> ObservedState {
        ObservedState(timeouts: timeouts, syncDaemons: syncDaemons.sorted { $0.role < $1.role })
    }

    package func readListing() -> [ListedVirtualServer]? {
        virtualServers.values.map { ListedVirtualServer($0) }
    }

    package func readVirtualServers(_ keys: Set<VirtualServerKey>) -> [ObservedVirtualServer] {
        closeReadCount += keys.count
        return keys.sorted().compactMap { virtualServers[$0] }
    }

    package func readRealServers(of key: VirtualServerKey) -> [ObservedRealServer]? {
        virtualServers[key]?.realServers
    }

    package func apply(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        for (index, operation) in operations.enumerated() {
            try beforeOperation?(index, self)
            operationCount += 1
            let code = refusals[operation] ?? carryOut(operation)
            if code != 0 { failures.append(OperationFailure(index: index, operation: operation, errno: code)) }
        }
        if let error = errorAfterNextApply {
            errorAfterNextApply = nil
            throw error
        }
        return failures
    }

    /// Gives a real server connections.
    package func setConnections(_ counts: ConnectionCounts, of endpoint: Endpoint, in key: VirtualServerKey) {
        guard let index = index(of: endpoint, in: key) else { return }
        virtualServers[key]?.realServers[index].connections = counts
    }

    private func index(of endpoint: Endpoint, in key: VirtualServerKey) -> Int? {
        virtualServers[key]?.realServers.firstIndex { $0.endpoint == endpoint }
    }
}

// MARK: - The kernel's rules (net/netfilter/ipvs/ip_vs_ctl.c)

extension InMemoryKernel {
    private enum Errno {
        static let noEntry: Int32 = 2
        static let noProcess: Int32 = 3
        static let exists: Int32 = 17
        static let noDevice: Int32 = 19
        static let invalid: Int32 = 22
        static let range: Int32 = 34
    }

    /// Carries an operation out; 0, or the errno that the kernel answers.
    private func carryOut(_ operation: TableOperation) -> Int32 {
        switch operation {
        case .addVirtualServer(let server): add(server)
        case .editVirtualServer(let server): edit(server)
        case .removeVirtualServer(let key): virtualServers.removeValue(forKey: key) == nil ? Errno.noProcess : 0
        case .addRealServer(let server, let key): add(server, to: key)
        case .editRealServer(let server, let key): edit(server, of: key)
        case .removeRealServer(let endpoint, let key): remove(endpoint, from: key)
        case .moveRealServer(let server, let key): move(server, of: key)
        case .setTimeouts(let changed): set(changed)
        case .startSyncDaemon(let daemon): start(daemon)
        case .stopSyncDaemon(let daemon): stop(daemon.role)
        }
    }

    private func add(_ server: VirtualServer) -> Int32 {
        if virtualServers[server.key] != nil { return Errno.exists }
        guard hasModules(for: server) else { return Errno.noEntry }
        virtualServers[server.key] = ObservedVirtualServer(server)
        return 0
    }

    private func edit(_ server: VirtualServer) -> Int32 {
        guard virtualServers[server.key] != nil else { return Errno.noProcess }
        guard hasModules(for: server) else { return Errno.noEntry }
        virtualServers[server.key]?.virtualServer = server
        return 0
    }

    private func hasModules(for server: VirtualServer) -> Bool {
        let hasEngine = server.engine.map { $0 == "sip" } ?? true
        return Scheduler.knownNames.contains(server.scheduler.name) && hasEngine
    }

    private func add(_ server: RealServer, to key: VirtualServerKey) -> Int32 {
        if let code = refusal(of: server, in: key) { return code }
        if index(of: server.endpoint, in: key) != nil { return Errno.exists }
        for index in virtualServers[key]?.realServers.indices ?? 0..<0 {
            virtualServers[key]?.realServers[index].position? += 1
        }
        var added = ObservedRealServer(server)
        added.position = 0
        virtualServers[key]?.realServers.append(added)
        virtualServers[key]?.realServers.sort { $0.endpoint < $1.endpoint }
        return 0
    }

    private func edit(_ server: RealServer, of key: VirtualServerKey) -> Int32 {
        if let code = refusal(of: server, in: key) { return code }
        guard let index = index(of: server.endpoint, in: key) else { return Errno.noEntry }
        virtualServers[key]?.realServers[index].realServer = server
        return 0
    }

    private func remove(_ endpoint: Endpoint, from key: VirtualServerKey) -> Int32 {
        guard virtualServers[key] != nil else { return Errno.noProcess }
        guard let index = index(of: endpoint, in: key) else { return Errno.noEntry }
        let removed = virtualServers[key]?.realServers.remove(at: index)
        for index in virtualServers[key]?.realServers.indices ?? 0..<0 {
            guard let gone = removed?.position, let place = virtualServers[key]?.realServers[index].position else {
                break
            }
            if place > gone { virtualServers[key]?.realServers[index].position = place - 1 }
        }
        return 0
    }

    /// One that is taken out for a moment comes back with its connections.
    private func move(_ server: RealServer, of key: VirtualServerKey) -> Int32 {
        if let code = refusal(of: server, in: key) { return code }
        let connections = index(of: server.endpoint, in: key).map { virtualServers[key]?.realServers[$0].connections }
        _ = remove(server.endpoint, from: key)
        let code = add(server, to: key)
        if let connections = connections ?? nil { setConnections(connections, of: server.endpoint, in: key) }
        return code
    }

    private func refusal(of server: RealServer, in key: VirtualServerKey) -> Int32? {
        guard virtualServers[key] != nil else { return Errno.noProcess }
        if server.endpoint.address.family != key.family {
            guard case .tunnel = server.forwarding, syncDaemons.isEmpty else { return Errno.invalid }
        }
        let isInRange = server.weight <= RealServer.maximumWeight && server.lowerThreshold <= server.upperThreshold
        return isInRange ? nil : Errno.range
    }

    private func set(_ changed: ConnectionTimeouts) -> Int32 {
        timeouts.tcp = changed.tcp ?? timeouts.tcp
        timeouts.tcpFin = changed.tcpFin ?? timeouts.tcpFin
        timeouts.udp = changed.udp ?? timeouts.udp
        return 0
    }

    private func start(_ daemon: SyncDaemon) -> Int32 {
        if daemon.interface != "lo" { return Errno.noDevice }
        if syncDaemons.contains(where: { $0.role == daemon.role }) { return Errno.exists }
        let isMixed = virtualServers.values.contains { server in
            server.realServers.contains { $0.endpoint.address.family != server.key.family }
        }
        if isMixed { return Errno.invalid }
        var running = daemon
        running.group = daemon.group ?? SyncDaemon.defaultGroup
        running.port = daemon.port ?? SyncDaemon.defaultPort
        running.timeToLive = daemon.timeToLive ?? SyncDaemon.defaultTimeToLive
        running.maximumLength = daemon.maximumLength ?? 1_472
        syncDaemons.append(running)
        return 0
    }

    private func stop(_ role: SyncDaemon.Role) -> Int32 {
        guard let index = syncDaemons.firstIndex(where: { $0.role == role }) else { return Errno.noProcess }
        syncDaemons.remove(at: index)
        return 0
    }
}
