package import LoadBalancing
package import Reconcile

extension SyncReport {
    /// What a sync would do to a table that is not looked at but given; all of it counts as ours, and as idle.
    package init(changing table: DesiredState, to desired: DesiredState, policy: ReconcilePolicy) {
        self.init()
        let observed = ObservedState(
            virtualServers: table.virtualServers.map { server in
                ObservedVirtualServer(
                    server.virtualServer, realServers: server.realServers.map { ObservedRealServer($0) })
            }, timeouts: table.timeouts ?? ConnectionTimeouts(), syncDaemons: table.syncDaemons ?? [])
        let owned = table.virtualServers.map {
            ($0.key, Ledger.Ownership(name: $0.name, drainTimeout: $0.drainTimeout))
        }
        let ledger = Ledger(virtualServers: Dictionary(owned) { first, _ in first })
        let plan = Planner.plan(desired: desired, observed: observed, ledger: ledger, now: 0, policy: policy)
        note(plan)
        settle(plan)
    }
}
