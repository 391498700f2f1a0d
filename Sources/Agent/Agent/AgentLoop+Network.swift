internal import DataPath
internal import LoadBalancing
internal import Reconcile

extension AgentLoop {
    /// How long what failed beside IPVS waits until it is tried again, half of it for the first time.
    static let firstNetworkPatience = Duration.seconds(2)

    /// What comes before the virtual servers, unless all of it is looked at with them.
    mutating func prepareNetwork(
        _ scope: AgentStep.Scope, _ source: some DesiredSource, _ now: ContinuousClock.Instant
    ) -> DataPathReport? {
        let change = dataPathChange
        dataPathChange = DataPathChange()
        guard let keeper else { return nil }
        let retries = keeper.isBehind && networkRetry.map { $0 <= now } ?? true
        guard let settings = source.network else {
            let isDue = scope == .changes ? retries : scope == .verification && keeper.holdsTracking == true
            return isDue ? keeper.retire() : nil
        }
        switch scope {
        case .everything:
            return nil
        case .changes:
            guard !change.isEmpty || retries else { return nil }
            return keeper.prepare(change, settings, retries: retries) {
                DataPathDemand(settings: settings, elements: source.dataPath)
            }
        case .verification:
            return verifyNetwork(keeper, DataPathDemand(settings: settings, elements: source.dataPath))
        }
    }

    private func verifyNetwork(_ keeper: DataPathKeeper, _ demand: DataPathDemand) -> DataPathReport? {
        switch driftPolicy {
        case .repair: keeper.prepare(demand)
        case .report: keeper.preview(demand, owned: synchronizer.owned)
        case .ignore: nil
        }
    }

    /// What comes after the virtual servers.
    func finishNetwork(
        _ scope: AgentStep.Scope, _ source: some DesiredSource, _ sync: SyncReport, _ prepared: DataPathReport?
    ) -> DataPathReport? {
        guard let keeper, let settings = source.network else { return prepared }
        let onlyLooks = scope == .verification && driftPolicy != .repair
        var report = prepared ?? DataPathReport()
        if onlyLooks {
            // Nothing is finished that was not begun.
        } else if report.hasLooked || frees(keeper.leaving) {
            let demand = DataPathDemand(settings: settings, elements: source.dataPath)
            keeper.finish(demand, owned: synchronizer.owned, &report)
        } else {
            keeper.finishChange(unless: synchronizer.owns, &report)
        }
        keeper.forget(sync.staleFlows(settings.staleProtocols), &report)
        report.leavesFailures = keeper.isBehind && report.failures.isEmpty
        return prepared == nil && report.isEmpty ? nil : report
    }

    /// Whether the last virtual server of an address that waits for it has gone, by our hand or another's.
    private func frees(_ leaving: Set<IPAddress>) -> Bool {
        !leaving.isEmpty && synchronizer.served(leaving).count < leaving.count
    }

    /// When what failed is tried again; other steps meanwhile change nothing about that.
    mutating func planNetworkRetry(_ now: ContinuousClock.Instant) {
        guard let keeper, keeper.isBehind else {
            networkPatience = Self.firstNetworkPatience
            networkRetry = nil
            return
        }
        if let networkRetry, networkRetry > now { return }
        networkPatience = min(networkPatience * 2, timing.verification)
        networkRetry = now + networkPatience
    }
}
