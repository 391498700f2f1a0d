internal import LoadBalancing

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
