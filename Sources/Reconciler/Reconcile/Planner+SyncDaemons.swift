internal import LoadBalancing

extension Planner {
    /// A declared role runs as declared, whoever started it; an undeclared one is stopped if it is ours.
    mutating func planSyncDaemons(_ desired: [SyncDaemon]?, _ observed: [SyncDaemon]) {
        for role in SyncDaemon.Role.allCases {
            let wanted = desired?.first { $0.role == role }
            let running = observed.first { $0.role == role }
            let isOurs = ledger.syncDaemons.contains(role)
            if wanted != nil || running != nil && isOurs { plan.ledger.syncDaemons.insert(role) }
            if let running, let wanted, wanted.isSatisfied(by: running) { continue }
            if let running, wanted != nil || desired != nil || isOurs {
                steps.syncDaemons.append(Change(.remove, .stopSyncDaemon(running)))
            }
            if let wanted { steps.syncDaemons.append(Change(.add, .startSyncDaemon(wanted))) }
        }
    }
}
