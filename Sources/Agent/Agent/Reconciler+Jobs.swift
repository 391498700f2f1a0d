internal import DataPath
internal import LoadBalancing
internal import Reconcile

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
            if isEverythingDue(at: now), isWhole(source, now) { return beginEverything(source, now) }
        }
        if let job = nextNetwork(source, now) { return .network(job) }
        guard isTableIdle, let job = nextTable(source, now) else { return nil }
        return .table(job)
    }

    private func isEverythingDue(at now: ContinuousClock.Instant) -> Bool {
        guard tableDue <= now else { return false }
        if retries.isWholeDue(at: now) { return true }
        return isStale && changesDue.map { $0 <= now } ?? false
    }

    /// Whether what is wanted can be judged as a whole: the removal guard must not see it in parts. Whoever changes all
    /// the time does not put it off for ever.
    private func isWhole(_ source: some DesiredSource, _ now: ContinuousClock.Instant) -> Bool {
        source.isWhole || noted.map { $0 + timing.whole <= now } ?? true
    }

    /// Everything: the network begins, and the table, which looks and plans meanwhile, waits for it before it changes
    /// anything.
    private mutating func beginEverything(_ source: some DesiredSource, _ now: ContinuousClock.Instant) -> AgentJob {
        begin(UnderWay(scope: .everything, keys: nil, noted: noted, began: now), now)
        verification = nil
        foundDrift = []
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

    mutating func begin(_ work: UnderWay, _ now: ContinuousClock.Instant) {
        if unreported != nil { report() }
        underWay = work
    }

    private mutating func nextTable(_ source: some DesiredSource, _ now: ContinuousClock.Instant) -> TableJob? {
        guard tableDue <= now else { return nil }
        let keys = keysDue(now)
        guard !keys.isEmpty else { return nextVerificationJob(source, now) }
        begin(UnderWay(scope: .changes, keys: keys, noted: noted, began: now), now)
        if changed.isEmpty { noted = nil }
        changesFrom = changed.isEmpty ? now + timing.minimum : now
        let desired = keys.compactMap { source.desired($0) }.sorted { $0.key < $1.key }
        return .some(keys, desired)
    }

    /// Whether changes may be made now: they do not wait for what the network has to do before them, nor for a look at
    /// everything, which is about them too.
    private func areChangesDue(at now: ContinuousClock.Instant) -> Bool {
        !isStale && !changed.isEmpty && changesFrom <= now && networkBarrier.map { $0 <= now } ?? true
    }

    /// The virtual servers whose time has come, as many as one job looks at.
    private mutating func keysDue(_ now: ContinuousClock.Instant) -> Set<VirtualServerKey> {
        var keys: Set<VirtualServerKey> = []
        if areChangesDue(at: now) {
            if changed.count <= Self.jobSize { swap(&keys, &changed) }
            while keys.count < Self.jobSize, let key = changed.popFirst() { keys.insert(key) }
        }
        keys.formUnion(retries.dueKeys(at: now, atMost: Self.jobSize - keys.count))
        if let look = draining.nextLook, look <= now, changed.isEmpty {
            keys.formUnion(draining.due(atMost: Self.jobSize - keys.count))
        }
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
            begin(UnderWay(scope: .verification, keys: keys, began: now, isLast: isLast), now)
            return job
        }
        guard nextVerification <= now || isLooking else { return nil }
        begin(UnderWay(scope: .verification, keys: nil, began: now), now)
        guard driftPolicy != .ignore else {
            isLooking = false
            return .nothing
        }
        if !isLooking { network.verificationOwed = network.verificationOwed ?? now }
        // A verification looks at some: whether so much may go, only a look at everything tells.
        if isHolding || retries.isWholeOwed { return .checkEverything(source.desired, repairs: repairs) }
        defer { isLooking = true }
        return .lookOver(
            VerificationScope(
                share: timing.verification / timing.audit,
                largeShare: timing.verification / min(timing.audit, timing.largeAudit), except: retries.keys),
            begins: !isLooking)
    }
}
