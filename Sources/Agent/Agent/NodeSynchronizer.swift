internal import DataPath
package import LoadBalancing
internal import Reconcile

/// A node as a whole: its virtual servers, and what Services need beside them.
package struct NodeSynchronizer {
    package let synchronizer: Synchronizer
    /// `nil` where nothing beside IPVS is touched.
    package let keeper: DataPathKeeper?

    package init(_ synchronizer: Synchronizer, _ keeper: DataPathKeeper?) {
        self.synchronizer = synchronizer
        self.keeper = keeper
    }

    /// What ``synchronize(_:_:)`` would do; nothing is changed.
    package func preview(_ desired: DesiredState, _ demand: DataPathDemand?) throws(SyncError) -> SyncReport {
        var report = try synchronizer.preview(desired)
        let owned = Set(report.plan.ledger(afterFailuresAt: []).virtualServers.keys)
        report.network = demand.map { keeper?.preview($0, owned: owned) } ?? keeper?.previewRetirement()
        return report
    }

    /// Makes everything equal to what is declared.
    ///
    /// - Parameter demand: What is wanted beside IPVS; `nil` for nothing, and then what was made before goes.
    package func synchronize(_ desired: DesiredState, _ demand: DataPathDemand?) throws(SyncError) -> SyncReport {
        guard let keeper else { return try synchronizer.synchronize(desired) }
        let started = ContinuousClock.now
        var report: SyncReport
        if let demand {
            let pass = DataPathPass(keeper, demand)
            report = try synchronizer.synchronize(desired, with: pass)
            report.network = pass.finish(owned: synchronizer.owned.keys, report)
        } else {
            report = try synchronizer.synchronize(desired)
            report.network = keeper.retire()
        }
        report.elapsed = started.duration(to: .now)
        return report
    }

    /// Removes what is ours at once, and nothing else.
    package func cleanUp() throws(SyncError) -> SyncReport {
        var report = try synchronizer.cleanUp()
        // Without their virtual servers, no connections are left that could be kept.
        report.network = keeper?.cleanUp(keepsConnections: !report.isWithoutFailure)
        return report
    }

    /// What ``cleanUp()`` would do.
    package func previewCleanUp() throws(SyncError) -> SyncReport {
        var report = try synchronizer.previewCleanUp()
        report.network = keeper?.previewCleanUp()
        return report
    }
}
