internal import DataPath
internal import Reconcile

extension AgentLoop {
    /// How long what failed beside IPVS waits until it is tried again, half of it for the first time.
    static let firstNetworkPatience = Duration.seconds(2)

    /// What comes before the virtual servers.
    mutating func prepareNetwork(_ scope: AgentStep.Scope, _ source: some DesiredSource) -> DataPathReport? {
        let change = dataPathChange
        dataPathChange = DataPathChange()
        guard let keeper else { return nil }
        guard let settings = source.network else { return scope == .everything ? keeper.retire() : nil }
        switch scope {
        case .everything:
            return keeper.prepare(DataPathDemand(settings: settings, elements: source.dataPath))
        case .changes:
            guard !change.isEmpty || keeper.isBehind else { return nil }
            return keeper.prepare(change, settings) {
                DataPathDemand(settings: settings, elements: source.dataPath)
            }
        case .verification:
            return verifyNetwork(keeper, DataPathDemand(settings: settings, elements: source.dataPath))
        }
    }

    private func verifyNetwork(_ keeper: DataPathKeeper, _ demand: DataPathDemand) -> DataPathReport? {
        switch driftPolicy {
        case .repair: keeper.prepare(demand)
        case .report: keeper.preview(demand, inUse: synchronizer.ownedAddresses)
        case .ignore: nil
        }
    }

    /// What comes after the virtual servers.
    mutating func finishNetwork(
        _ scope: AgentStep.Scope, _ source: some DesiredSource, _ sync: SyncReport,
        _ report: inout DataPathReport?, _ now: ContinuousClock.Instant
    ) {
        guard let keeper, let settings = source.network else { return }
        let onlyLooks = scope == .verification && driftPolicy != .repair
        var done = report ?? DataPathReport()
        if done.hasLooked || !keeper.leaving.isEmpty, !onlyLooks {
            let demand = DataPathDemand(settings: settings, elements: source.dataPath)
            keeper.finish(demand, inUse: synchronizer.ownedAddresses, &done)
        }
        keeper.forget(sync.staleFlows(settings.staleProtocols), &done)
        if report != nil || !done.isEmpty { report = done }
        networkPatience = keeper.isBehind ? min(networkPatience * 2, timing.verification) : Self.firstNetworkPatience
        networkRetry = keeper.isBehind ? now + networkPatience : nil
    }
}
