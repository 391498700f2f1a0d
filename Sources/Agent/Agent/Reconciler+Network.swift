internal import DataPath
internal import LoadBalancing
internal import NodeNetwork
internal import Reconcile

/// What is known of the node's network and what it is doing.
struct NetworkState {
    /// How long what failed waits until it is tried again, half of it for the first time.
    static let firstPatience = Duration.seconds(2)
    static let flowLimit = 100_000

    enum Kind {
        case everything
        case change
        case verification
        case finish
        case release
    }

    /// What is needed otherwise and has not been handed over.
    var change = DataPathChange()
    /// Whether everything is to be handed over as soon as it is idle.
    var owesEverything = false
    /// What is to be done once virtual servers have been changed; `nil` when nothing is.
    var owesFinish: Finish?
    private(set) var job: Kind?
    private(set) var began: ContinuousClock.Instant?
    /// Whether the last job took longer than anybody waits for.
    var isLate = false
    /// When what failed is tried again.
    var retry: ContinuousClock.Instant?
    var patience = firstPatience
    /// Whether addresses of other devices may have changed since it was told of.
    var owesLook = false
    /// Whether something failed that has to be tried again.
    var isBehind = false
    /// Whether rules or addresses wait for virtual servers to go.
    var hasLeaving = false
    /// Whether connection tracking is kept on for connections that need it.
    var holdsTracking = false
    /// Since when it is to be verified with the table; `nil` when it is not.
    var verificationOwed: ContinuousClock.Instant?
    /// Whether what it prepares is followed by the table's work on everything, and addresses by that.
    var hasGate = false
    private var report: DataPathReport?

    struct Finish {
        var flows: Set<StaleFlow> = []
        var isWhole = false
        /// Whether the virtual servers that it follows have been changed.
        var isReady = false
    }

    mutating func begin(_ kind: Kind, _ now: ContinuousClock.Instant) {
        job = kind
        began = now
    }

    mutating func end() {
        job = nil
        began = nil
        isLate = false
    }

    /// Whether something is under way, or about to be, whose report belongs to the step before.
    var isExpected: Bool { owesFinish?.isReady ?? false || !isLate && job == .finish }

    /// Whether no change waits or is under way.
    var isSettled: Bool {
        change.isEmpty && !owesEverything && owesFinish == nil && (job == nil || job == .verification)
    }

    mutating func add(_ done: DataPathReport) {
        guard var report else { return report = done }
        report.add(done)
        self.report = report
    }

    mutating func takeReport() -> DataPathReport? {
        defer { report = nil }
        return report
    }
}

extension Reconciler {
    /// Until when changes of virtual servers wait for what comes before them; `nil` when nothing does.
    var networkBarrier: ContinuousClock.Instant? {
        guard keepsNetwork, !network.isLate else { return nil }
        switch network.job {
        case .change, .everything: return network.began.map { $0 + timing.network }
        case .verification, .finish, .release:
            return network.change.isEmpty ? nil : network.began.map { $0 + timing.network }
        case nil: return nil
        }
    }

    /// When the network has something to do.
    var networkDue: ContinuousClock.Instant? {
        guard keepsNetwork else { return nil }
        if followsTable, network.job == nil { return nil }
        guard network.job == nil else {
            // The moment from which nobody waits for it any more.
            return network.isLate || !hasChanges ? nil : networkBarrier
        }
        var times: [ContinuousClock.Instant] = []
        if let networkChangeDue { times.append(networkChangeDue) }
        if let retry = network.retry { times.append(retry) }
        if isSynchronized, let owed = network.verificationOwed { times.append(owed + timing.whole) }
        return times.min()
    }

    mutating func nextNetwork(_ source: some DesiredSource, _ now: ContinuousClock.Instant) -> NetworkJob? {
        guard keepsNetwork else { return nil }
        if network.job != nil {
            if let networkBarrier, networkBarrier <= now { network.isLate = true }
            return nil
        }
        guard !followsTable else { return nil }
        let retries = network.isBehind && network.retry.map { $0 <= now } ?? true
        guard let settings = source.network else { return nextRetirement(retries, now) }
        if network.owesEverything {
            network.owesEverything = false
            // What has changed meanwhile is part of it.
            network.change = DataPathChange()
            network.owesFinish = NetworkState.Finish(
                flows: network.owesFinish?.flows ?? [], isWhole: true, isReady: isTableSettled)
            network.begin(.everything, now)
            return .everything(source.demand, nil)
        }
        if let finish = network.owesFinish, finish.isReady, isSynchronized {
            network.owesFinish = nil
            network.begin(.finish, now)
            return .finish(finish.flows, isWhole: finish.isWhole)
        }
        if !network.change.isEmpty, let due = networkChangeDue, due <= now {
            return takeChange(settings, retries: retries, now)
        }
        if retries { return takeChange(settings, retries: true, now) }
        if isSynchronized, isVerificationDue(now) {
            network.verificationOwed = nil
            network.begin(.verification, now)
            return .verify(repairs: driftPolicy == .repair)
        }
        return nil
    }

    /// Whether it is to be verified now: what a change has begun and not finished would look like the work of others. A
    /// table that hangs, or changes all the time, do not put it off for ever.
    private func isVerificationDue(_ now: ContinuousClock.Instant) -> Bool {
        guard let owed = network.verificationOwed else { return false }
        return network.owesFinish == nil || owed + timing.whole <= now
    }

    private mutating func takeChange(
        _ settings: DataPathSettings, retries: Bool, _ now: ContinuousClock.Instant
    ) -> NetworkJob {
        let change = network.change
        network.change = DataPathChange()
        if !hasChanges { noteNothingWaits(now) }
        var finish = network.owesFinish ?? NetworkState.Finish()
        // Addresses come after the virtual servers that are to be changed with this.
        finish.isReady = isTableSettled
        network.owesFinish = finish
        network.begin(.change, now)
        defer { network.owesLook = false }
        return .change(change, settings, retries: retries, looks: network.owesLook)
    }

    /// Where nothing is wanted beside IPVS, what was made before goes, and what it left for connections once they end.
    private mutating func nextRetirement(_ retries: Bool, _ now: ContinuousClock.Instant) -> NetworkJob? {
        network.change = DataPathChange()
        network.owesFinish = nil
        let isDue = retries || network.owesEverything || network.holdsTracking && network.verificationOwed != nil
        network.verificationOwed = nil
        guard isDue else { return nil }
        network.owesEverything = false
        network.begin(.everything, now)
        return .everything(nil, nil)
    }

    /// What the network has to do once virtual servers have been changed.
    mutating func finishNetwork(_ report: SyncReport, _ source: some DesiredSource, isWhole: Bool) {
        guard keepsNetwork, let settings = source.network else { return }
        let flows = report.staleFlows(settings.staleProtocols)
        guard isWhole || !flows.isEmpty || network.hasLeaving || network.owesFinish != nil else { return }
        var finish = network.owesFinish ?? NetworkState.Finish()
        finish.flows.formUnion(flows)
        // No network that hangs may fill the memory: what is not forgotten ends with its connections.
        if finish.flows.count > NetworkState.flowLimit { finish.flows = [] }
        finish.isReady = true
        finish.isWhole = finish.isWhole || isWhole && network.job == nil
        network.owesFinish = finish
    }

    mutating func receive(_ outcome: NetworkOutcome, _ source: some DesiredSource, _ now: ContinuousClock.Instant) {
        let job = network.job
        network.end()
        network.isBehind = outcome.isBehind
        network.hasLeaving = outcome.hasLeaving
        network.holdsTracking = outcome.holdsTracking
        if let release = outcome.release { return takeReleased(release) }
        planNetworkRetry(now)
        // Addresses do not follow the table's work: the network is free.
        if job == .everything, !outcome.hasFollower { network.hasGate = false }
        if var done = outcome.report {
            done.leavesFailures = outcome.isBehind && done.failures.isEmpty
            if job == .verification {
                if !done.isEmpty || done.isPreview { report(done, .verification) }
            } else if !done.isEmpty || job == .finish {
                network.add(done)
            }
        }
        reportNetwork()
    }

    /// When what failed is tried again; other jobs meanwhile change nothing about that.
    private mutating func planNetworkRetry(_ now: ContinuousClock.Instant) {
        guard network.isBehind else {
            network.patience = NetworkState.firstPatience
            network.retry = nil
            return
        }
        if let retry = network.retry, retry > now { return }
        network.patience = min(network.patience * 2, timing.verification)
        network.retry = now + network.patience
    }
}
