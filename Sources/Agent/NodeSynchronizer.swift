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
        let inUse = Synchronizer.addresses(report.plan.ledger.virtualServers.keys)
        report.network = demand.map { keeper?.preview($0, inUse: inUse) } ?? keeper?.previewRetirement()
        return report
    }

    /// Makes everything equal to what is declared.
    ///
    /// - Parameter demand: What is wanted beside IPVS; `nil` for nothing, and then what was made before goes.
    package func synchronize(_ desired: DesiredState, _ demand: DataPathDemand?) throws(SyncError) -> SyncReport {
        var network = demand.flatMap { keeper?.prepare($0) }
        var report = try synchronizer.synchronize(desired)
        if let demand, let keeper, var done = network {
            keeper.finish(demand, inUse: synchronizer.ownedAddresses, &done)
            keeper.forget(report.staleFlows(demand.settings.staleProtocols), &done)
            network = done
        }
        report.network = network ?? keeper?.retire()
        return report
    }

    /// Removes what is ours at once, and nothing else.
    package func cleanUp() throws(SyncError) -> SyncReport {
        var report = try synchronizer.cleanUp()
        report.network = keeper?.cleanUp()
        return report
    }

    /// What ``cleanUp()`` would do.
    package func previewCleanUp() throws(SyncError) -> SyncReport {
        var report = try synchronizer.previewCleanUp()
        report.network = keeper?.previewCleanUp()
        return report
    }
}
