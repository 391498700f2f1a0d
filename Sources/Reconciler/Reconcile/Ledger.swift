package import LoadBalancing

/// What is ours in the kernel, and since when real servers drain.
///
/// Everything that neither the ledger holds nor anybody declares is foreign and never touched.
package struct Ledger: Hashable, Sendable {
    /// What is remembered of a virtual server that is ours, for the time when it is declared no more.
    package struct Ownership: Hashable, Sendable {
        package var name: String?
        /// Its own drain timeout in seconds; `nil` for the general one.
        package var drainTimeout: UInt32?

        package init(name: String? = nil, drainTimeout: UInt32? = nil) {
            self.name = name
            self.drainTimeout = drainTimeout
        }
    }

    /// The real server that drains, by virtual server and endpoint.
    package struct DrainKey: Hashable, Sendable, Comparable {
        package let virtualServer: VirtualServerKey
        package let realServer: Endpoint

        package init(_ virtualServer: VirtualServerKey, _ realServer: Endpoint) {
            self.virtualServer = virtualServer
            self.realServer = realServer
        }

        package static func < (left: Self, right: Self) -> Bool {
            (left.virtualServer, left.realServer) < (right.virtualServer, right.realServer)
        }
    }

    package var virtualServers: [VirtualServerKey: Ownership]
    /// When each drain began, in seconds on the clock that counts from boot.
    package var drains: [DrainKey: UInt64]
    /// The synchronisation daemons that we started.
    package var syncDaemons: Set<SyncDaemon.Role>

    package init(
        virtualServers: [VirtualServerKey: Ownership] = [:], drains: [DrainKey: UInt64] = [:],
        syncDaemons: Set<SyncDaemon.Role> = []
    ) {
        self.virtualServers = virtualServers
        self.drains = drains
        self.syncDaemons = syncDaemons
    }
}

extension Ledger {
    /// Whether the virtual server is ours.
    package func owns(_ key: VirtualServerKey) -> Bool { virtualServers[key] != nil }

    /// The declared name of a virtual server of ours.
    package func name(of key: VirtualServerKey) -> String? { virtualServers[key]?.name }

    /// When a real server began to drain, in seconds from boot; `nil` when it does not.
    package func drainStart(of realServer: Endpoint, in key: VirtualServerKey) -> UInt64? {
        drains[DrainKey(key, realServer)]
    }
}

extension Ledger {
    /// What it holds of some virtual servers. Drains of real servers that others have removed belong to it: they are over.
    ///
    /// - Parameter withSettings: Whether synchronisation daemons belong to the part.
    package func part(_ keys: Set<VirtualServerKey>, withSettings: Bool = false) -> Ledger {
        var part = Ledger(syncDaemons: withSettings ? syncDaemons : [])
        for key in keys { part.virtualServers[key] = virtualServers[key] }
        for (drain, since) in drains where keys.contains(drain.virtualServer) { part.drains[drain] = since }
        return part
    }

    /// Puts a part that has changed in the place of what it was before.
    package mutating func replace(_ old: Ledger, with new: Ledger) {
        for key in old.virtualServers.keys where new.virtualServers[key] == nil { virtualServers[key] = nil }
        for key in old.drains.keys where new.drains[key] == nil { drains[key] = nil }
        virtualServers.merge(new.virtualServers) { $1 }
        drains.merge(new.drains) { $1 }
        syncDaemons = syncDaemons.subtracting(old.syncDaemons).union(new.syncDaemons)
    }
}

extension Plan {
    /// The ledger once the changes were carried out: what really went is forgotten, what could not be made is not ours.
    ///
    /// - Parameter failed: The indices of the changes that the kernel refused.
    package func ledger(afterFailuresAt failed: Set<Int>) -> Ledger {
        var result = ledger
        var removed: Set<VirtualServerKey> = []
        for (index, change) in changes.enumerated() {
            let succeeded = !failed.contains(index)
            switch change.operation {
            case .removeVirtualServer(let key) where succeeded: removed.insert(key)
            case .addVirtualServer(let virtualServer) where !succeeded: removed.insert(virtualServer.key)
            case .removeRealServer(let endpoint, let key) where succeeded:
                result.drains[Ledger.DrainKey(key, endpoint)] = nil
            case .startSyncDaemon(let daemon) where !succeeded: result.syncDaemons.remove(daemon.role)
            case .stopSyncDaemon(let daemon) where succeeded && !starts(daemon.role):
                result.syncDaemons.remove(daemon.role)
            default: break
            }
        }
        guard !removed.isEmpty else { return result }
        for key in removed { result.virtualServers[key] = nil }
        result.drains = result.drains.filter { !removed.contains($0.key.virtualServer) }
        return result
    }

    private func starts(_ role: SyncDaemon.Role) -> Bool {
        changes.contains { change in
            if case .startSyncDaemon(let daemon) = change.operation { return daemon.role == role }
            return false
        }
    }
}
