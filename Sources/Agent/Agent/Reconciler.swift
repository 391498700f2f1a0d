package import DataPath
package import LoadBalancing
package import Reconcile

/// Says what is to be done when: changes at once, everything at an interval, failures again after a while.
///
/// It only decides, and never waits: the table of virtual servers and the node's network each do one job at a time,
/// wherever the caller has them run, and their outcomes come back through ``take(_:_:now:using:)``. So whatever holds up
/// one of them holds up nothing else.
package struct Reconciler {
    /// How long things may wait.
    package struct Timing: Hashable, Sendable {
        /// Between two verifications of the whole table.
        package var verification = Duration.seconds(30)
        /// Until every virtual server has been looked at closely once, whatever a listing shows.
        package var audit = Duration.seconds(60 * 60)
        /// The same at most, where the table is too large for a listing.
        package var largeAudit = Duration.seconds(10 * 60)
        /// Between two looks at what drains.
        package var drain = Duration.seconds(5)
        /// Between two syncs of changes; what comes meanwhile goes together.
        package var minimum = Duration.milliseconds(100)
        /// How long virtual servers wait for what comes before them in the node's network.
        package var network = Duration.milliseconds(80)
        /// The same for the first time: the first rules of thousands of Services take seconds, and nothing is served yet.
        package var firstNetwork = Duration.seconds(5)
        /// How long the first report waits for what the network does for it.
        package var firstReport = Duration.seconds(60)

        package init() {}
    }

    /// So many virtual servers are looked at in one job: no job may keep the others waiting for long.
    static let jobSize = 256
    /// More leaving virtual servers than this, and only a look at everything tells whether so many may go.
    private static let judgedApart = 10

    /// What holds from the next job on.
    package var timing: Timing
    package var driftPolicy = DriftPolicy.repair
    /// Whether something beside IPVS is kept.
    let keepsNetwork: Bool
    private var changed: Set<VirtualServerKey> = []
    private var isStale = true
    /// Whether nothing has been begun yet.
    private var isFirst = true
    /// Whether everything has been made once: before that, no address comes or goes.
    private(set) var isSynchronized = false
    /// Whether removals are held back, which only a look at everything can end.
    private var isHolding = false
    private var retries = Retries()
    private var draining = Drains()
    /// Drift that has been told of and stays, for it is not repaired.
    private var knownDrift: Set<Drift> = []
    /// Drift that the verification under way has found.
    private var foundDrift: Set<Drift> = []
    /// When the first of the changes came that wait now.
    private(set) var noted: ContinuousClock.Instant?
    /// When changes may be made: not sooner than ``Timing/minimum`` after the last ones.
    private var changesFrom: ContinuousClock.Instant
    private(set) var nextVerification: ContinuousClock.Instant
    /// What a verification has yet to look at closely.
    private var verification: Verification?
    /// What the table is doing; `nil` when it is idle.
    private(set) var underWay: UnderWay?
    /// How many virtual servers are ours, as far as is known.
    private var ownedCount = 0
    /// The job that goes with the one that was begun last.
    private var following: AgentJob?
    var network = NetworkState()
    var release = ReleaseState()
    /// A step that waits for the network's part of its report.
    private var unreported: (step: AgentStep, limit: ContinuousClock.Instant)?
    private var hasReported = false
    private var steps: [AgentStep] = []

    /// Whether a verification is reading its listing.
    private var isLooking = false

    /// What is left of a verification.
    private struct Verification {
        var suspects: Set<VirtualServerKey>
        var counts: TableCounts?
        var looking: Duration
        /// Whether timeouts and synchronisation daemons have been looked at.
        var hasLookedAtSettings = false
    }

    /// A job of the table.
    struct UnderWay {
        let scope: AgentStep.Scope
        /// What it looks at; `nil` for everything.
        var keys: Set<VirtualServerKey>?
        var noted: ContinuousClock.Instant?
        /// Whether another job of the same verification follows.
        var isLast = true
    }

    /// - Parameter keepsNetwork: Whether something beside IPVS is kept.
    package init(timing: Timing = Timing(), keepsNetwork: Bool, now: ContinuousClock.Instant) {
        self.timing = timing
        self.keepsNetwork = keepsNetwork
        nextVerification = now
        changesFrom = now
    }

    /// Takes note of virtual servers that may be wanted otherwise now.
    package mutating func note(_ keys: some Collection<VirtualServerKey>, at now: ContinuousClock.Instant) {
        guard !keys.isEmpty else { return }
        changed.formUnion(keys)
        noted = noted ?? now
    }

    /// Takes note of what is needed otherwise beside IPVS.
    package mutating func note(_ change: DataPathChange, at now: ContinuousClock.Instant) {
        guard !change.isEmpty else { return }
        network.change.append(change)
        noted = noted ?? now
    }

    /// Takes note that anything may be wanted otherwise now.
    package mutating func noteEverything(at now: ContinuousClock.Instant) {
        isStale = true
        noted = noted ?? now
    }

    /// What the kernel refuses now, one line each, as many as a reader can use; it is tried again.
    package var refused: [String] { retries.reasons }

    /// The real servers that drain, as they were seen last, in any order.
    package var drains: [Drain] { draining.all }

    /// Whether the table has nothing to do.
    var isTableIdle: Bool { underWay == nil && !release.isWithTable }

    /// Whether the table has made all changes that it was told of.
    var isTableSettled: Bool { isTableIdle && !hasChanges && isSynchronized }

    /// Whether addresses follow the table's work on everything: then the network is not free for anything else.
    var followsTable: Bool { underWay?.scope == .everything && network.hasGate }

    mutating func forgetDrains(_ keys: Set<VirtualServerKey>) { draining.settle(keys) }

    /// Takes note that nothing waits any more: the network has taken what came.
    mutating func noteNothingWaits(_ now: ContinuousClock.Instant) {
        noted = nil
        changesFrom = now + timing.minimum
    }

    /// Whether changes of virtual servers wait.
    var hasChanges: Bool { isStale || !changed.isEmpty }

    /// What has been done since the last call.
    package mutating func takeSteps() -> [AgentStep] {
        defer { steps = [] }
        return steps
    }

    /// When there is something to do next, once the source is complete, unless an outcome comes before.
    package var due: ContinuousClock.Instant {
        var times: [ContinuousClock.Instant] = []
        if isTableIdle { times.append(tableDue) }
        if let networkDue { times.append(networkDue) }
        if let unreported { times.append(unreported.limit) }
        // While both targets are at work, only their outcomes lead on.
        return times.min() ?? nextVerification + .seconds(24 * 60 * 60)
    }

    private var changesDue: ContinuousClock.Instant? {
        isStale || !changed.isEmpty || !network.change.isEmpty ? changesFrom : nil
    }

    private var tableDue: ContinuousClock.Instant {
        var times = [nextVerification]
        if let look = draining.nextLook { times.append(look) }
        if let retry = retries.due { times.append(retry) }
        // The rest of one that has begun.
        if verification != nil || isLooking { times.append(changesFrom - timing.minimum) }
        if hasChanges, let changesDue { times.append(networkBarrier.map { max($0, changesDue) } ?? changesDue) }
        return times.min() ?? nextVerification
    }

    /// When changes go to the network.
    var networkChangeDue: ContinuousClock.Instant? { network.change.isEmpty ? nil : changesDue }
}

// MARK: - Jobs

extension Reconciler {
    /// The next job that is due for a target that is idle; ask until there is none.
    package mutating func next(_ source: some DesiredSource, now: ContinuousClock.Instant) -> AgentJob? {
        if let limit = unreported?.limit, limit <= now { report() }
        if let job = following {
            following = nil
            return job
        }
        if let job = nextRelease(now) { return job }
        guard source.isComplete else { return nil }
        if isTableIdle {
            judgeChanges(source, now)
            if isEverythingDue(at: now) { return beginEverything(source, now) }
        }
        if let job = nextNetwork(source, now) { return .network(job) }
        guard isTableIdle, let job = nextTable(source, now) else { return nil }
        return .table(job)
    }

    private func isEverythingDue(at now: ContinuousClock.Instant) -> Bool {
        guard tableDue <= now else { return false }
        if retries.isWholeDue(at: now) { return true }
        if isStale { return changesDue.map { $0 <= now } ?? false }
        // A verification looks at some: whether so much may go, only a look at everything tells.
        return (isHolding || retries.isWholeOwed) && nextVerification <= now
    }

    /// Everything: the network begins, and the table, which looks and plans meanwhile, waits for it before it changes
    /// anything.
    private mutating func beginEverything(_ source: some DesiredSource, _ now: ContinuousClock.Instant) -> AgentJob {
        begin(UnderWay(scope: .everything, keys: nil, noted: noted), now)
        verification = nil
        isLooking = false
        changed = []
        isStale = false
        noted = nil
        changesFrom = now + timing.minimum
        guard keepsNetwork else { return .table(.everything(source.desired, nil)) }
        network.change = DataPathChange()
        guard network.job == nil else {
            // It has been at work for too long to be waited for: it gets everything when it is idle.
            network.owesEverything = true
            return .table(.everything(source.desired, nil))
        }
        let demand = source.demand
        defer { isFirst = false }
        let gate = demand.map { _ in NetworkGate(limit: isFirst ? timing.firstNetwork : timing.network) }
        network.begin(.everything, now)
        network.hasGate = gate != nil
        following = .table(.everything(source.desired, gate))
        return .network(.everything(demand, gate))
    }

    private mutating func begin(_ work: UnderWay, _ now: ContinuousClock.Instant) {
        if unreported != nil { report() }
        underWay = work
    }

    private mutating func nextTable(_ source: some DesiredSource, _ now: ContinuousClock.Instant) -> TableJob? {
        guard tableDue <= now else { return nil }
        let keys = keysDue(now)
        guard !keys.isEmpty else { return nextVerificationJob(source, now) }
        begin(UnderWay(scope: .changes, keys: keys, noted: noted), now)
        if changed.isEmpty { noted = nil }
        changesFrom = changed.isEmpty ? now + timing.minimum : now
        let desired = keys.compactMap { source.desired($0) }.sorted { $0.key < $1.key }
        return .some(keys, desired)
    }

    /// Whether changes may be made now, and do not wait for what the network has to do before them.
    private func areChangesDue(at now: ContinuousClock.Instant) -> Bool {
        !changed.isEmpty && changesFrom <= now && networkBarrier.map { $0 <= now } ?? true
    }

    /// The virtual servers whose time has come, as many as one job looks at.
    private mutating func keysDue(_ now: ContinuousClock.Instant) -> Set<VirtualServerKey> {
        var keys: Set<VirtualServerKey> = []
        if areChangesDue(at: now) {
            if changed.count <= Self.jobSize { swap(&keys, &changed) }
            while keys.count < Self.jobSize, let key = changed.popFirst() { keys.insert(key) }
        }
        keys.formUnion(retries.dueKeys(at: now, atMost: Self.jobSize - keys.count))
        if let look = draining.nextLook, look <= now { keys.formUnion(draining.due(atMost: Self.jobSize - keys.count)) }
        // What is about to be changed has its turn with the others: apart from them, a few of many removals would pass.
        return keys.subtracting(changed)
    }

    /// Takes note that everything is to be looked at, if so much changes that this costs less, or if so much goes that
    /// only this can tell whether it may.
    private mutating func judgeChanges(_ source: some DesiredSource, _ now: ContinuousClock.Instant) {
        guard changed.count > Self.jobSize, areChangesDue(at: now) else { return }
        isStale = isStale || changed.count > max(Self.jobSize, ownedCount / 4)
        if !isStale {
            let leaving = changed.lazy.filter { source.desired($0) == nil }.prefix(Self.judgedApart + 1)
            isStale = leaving.count > Self.judgedApart
        }
    }

    private mutating func nextVerificationJob(
        _ source: some DesiredSource, _ now: ContinuousClock.Instant
    ) -> TableJob? {
        let repairs = driftPolicy == .repair
        if var rest = verification {
            var keys: Set<VirtualServerKey> = []
            while keys.count < Self.jobSize, let key = rest.suspects.popFirst() {
                // What is about to be changed is looked at with the change.
                if !changed.contains(key) { keys.insert(key) }
            }
            var desired = rest.hasLookedAtSettings ? DesiredState() : source.settings
            desired.virtualServers = keys.compactMap { source.desired($0) }.sorted { $0.key < $1.key }
            let isLast = rest.suspects.isEmpty
            let job = TableJob.check(
                keys, desired, withSettings: !rest.hasLookedAtSettings, repairs: repairs,
                counts: isLast ? rest.counts : nil, looking: rest.looking)
            rest.hasLookedAtSettings = true
            rest.looking = .zero
            verification = isLast ? nil : rest
            begin(UnderWay(scope: .verification, keys: keys, isLast: isLast), now)
            return job
        }
        guard nextVerification <= now || isLooking else { return nil }
        begin(UnderWay(scope: .verification, keys: nil), now)
        guard driftPolicy != .ignore else { return .nothing }
        defer { isLooking = true }
        return .lookOver(
            VerificationScope(
                share: timing.verification / timing.audit,
                largeShare: timing.verification / min(timing.audit, timing.largeAudit), except: retries.keys),
            begins: !isLooking)
    }
}

// MARK: - Outcomes

extension Reconciler {
    /// Takes the outcome of a job.
    package mutating func take(
        _ outcome: AgentOutcome, _ source: some DesiredSource, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) {
        switch outcome {
        case .network(let outcome): take(outcome, source, now)
        case .table(let outcome): take(outcome, source, now, &generator)
        }
    }

    private mutating func take(
        _ outcome: TableOutcome, _ source: some DesiredSource, _ now: ContinuousClock.Instant,
        _ generator: inout some RandomNumberGenerator
    ) {
        if case .released(let released) = outcome { return takeReleased(released) }
        guard let work = underWay else { return }
        underWay = nil
        if work.scope == .everything { network.hasGate = false }
        switch outcome {
        case .released: break
        case .synced(.success(let report)):
            if work.scope == .verification { verification?.counts?.add(report.changes) }
            let drift = settle(work, report, now, &generator)
            finishNetwork(report, source, isWhole: work.scope == .everything)
            note(AgentStep(scope: work.scope, result: .success(report), drift: drift, noted: work.noted), now)
        case .synced(.failure(let error)):
            fail(now, &generator)
            network.owesFinish?.isReady = false
            note(AgentStep(scope: work.scope, result: .failure(error), drift: [], noted: work.noted), now)
        case .undecided where work.scope != .verification:
            // Only a look at everything can tell whether so much may go.
            changed.formUnion(work.keys ?? [])
            isStale = true
            noted = noted ?? work.noted ?? now
            changesFrom = now
        case .looking: planVerification(now, &generator)
        case .looked(let suspects, let counts, let duration):
            isLooking = false
            planVerification(now, &generator)
            verification = Verification(suspects: suspects, counts: counts, looking: duration)
        case .undecided, .unknown:
            // As above; or nothing has been looked at, or no listing is to be had.
            isLooking = false
            verification = nil
            begin(UnderWay(scope: .verification, keys: nil), now)
            following = .table(.checkEverything(source.desired, repairs: driftPolicy == .repair))
        }
    }

    private mutating func planVerification(
        _ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator
    ) {
        nextVerification = now + timing.verification * Double.random(in: 0.9...1.1, using: &generator)
    }

    /// Takes note of what was done, and says what drift is new.
    private mutating func settle(
        _ work: UnderWay, _ report: SyncReport, _ now: ContinuousClock.Instant,
        _ generator: inout some RandomNumberGenerator
    ) -> [Drift] {
        if let counts = report.counts { ownedCount = counts.ours.virtualServers }
        if work.scope == .verification {
            if work.keys == nil { planVerification(now, &generator) }
            retries.settle(report, [], at: now, using: &generator)
            if report.isWhole { draining.forget() }
        } else {
            retries.settle(report, work.keys, at: now, using: &generator)
            draining.settle(work.keys)
            if work.keys == nil {
                isSynchronized = true
                isHolding = report.plan.held != nil
                planVerification(now, &generator)
            }
        }
        draining.note(report.plan.drains, now, every: timing.drain)
        return work.scope == .verification ? newDrift(in: report, isLast: work.isLast) : []
    }

    private mutating func newDrift(in report: SyncReport, isLast: Bool) -> [Drift] {
        let fresh = report.drift.filter { !knownDrift.contains($0) }
        if driftPolicy != .repair { foundDrift.formUnion(report.drift) }
        if isLast { (knownDrift, foundDrift) = (foundDrift, []) }
        return fresh
    }

    private mutating func fail(_ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator) {
        // The retry looks at everything that this was about; what came meanwhile is tried by itself.
        verification = nil
        isLooking = false
        nextVerification = now + timing.verification
        draining.stopLooking()
        retries.fail(at: now, using: &generator)
    }

    /// Tells of a step, with what the network did for it, which is waited for a moment.
    private mutating func note(_ step: AgentStep, _ now: ContinuousClock.Instant) {
        // Ready is who has done everything once: that is waited for, but not for ever.
        unreported = (step, now + (hasReported ? timing.network : timing.firstReport))
        if !network.isExpected { report() }
    }

    /// Tells of the step that is waiting.
    mutating func report() {
        guard let (step, _) = unreported else { return }
        unreported = nil
        hasReported = true
        guard let done = network.takeReport() else { return steps.append(step) }
        guard case .success(var report) = step.result else {
            steps.append(step)
            return
        }
        report.network = done
        steps.append(AgentStep(scope: step.scope, result: .success(report), drift: step.drift, noted: step.noted))
    }

    /// Tells of what the network did, with the step that it belongs to or by itself.
    mutating func reportNetwork() {
        if unreported != nil { return network.isExpected ? () : report() }
        guard underWay == nil, !network.isExpected, let done = network.takeReport() else { return }
        var report = SyncReport()
        report.network = done
        steps.append(
            AgentStep(scope: done.isPreview ? .verification : .changes, result: .success(report), drift: [], noted: nil)
        )
    }
}
