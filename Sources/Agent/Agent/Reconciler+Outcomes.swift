internal import LoadBalancing
internal import Reconcile

extension Reconciler {
    /// Takes the outcome of a job.
    package mutating func receive(
        _ outcome: AgentOutcome, _ source: some DesiredSource, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) {
        switch outcome {
        case .network(let outcome): receive(outcome, source, now)
        case .table(let outcome): receive(outcome, source, now, &generator)
        }
    }

    private mutating func receive(
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
            let drift = conclude(work, report, now, &generator)
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
            begin(UnderWay(scope: .verification, keys: nil, began: now), now)
            following = .table(.checkEverything(source.desired, repairs: driftPolicy == .repair))
        }
    }

    private mutating func planVerification(
        _ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator
    ) {
        nextVerification = now + timing.verification * Double.random(in: 0.9...1.1, using: &generator)
    }

    /// Takes note of what was done, and says what drift is new.
    private mutating func conclude(
        _ work: UnderWay, _ report: SyncReport, _ now: ContinuousClock.Instant,
        _ generator: inout some RandomNumberGenerator
    ) -> [Drift] {
        if let counts = report.counts { ownedCount = counts.ours.virtualServers }
        if work.scope == .verification {
            if work.keys == nil { planVerification(now, &generator) }
            retries.record(report, [], at: now, using: &generator)
            if report.isWhole {
                draining.forget()
                isHolding = report.plan.held != nil
            }
        } else {
            retries.record(report, work.keys, at: now, using: &generator)
            draining.forget(work.keys)
            if work.keys == nil {
                isSynchronized = true
                isHolding = report.plan.held != nil
                planVerification(now, &generator)
            }
        }
        draining.note(report.plan.drains, now, every: timing.drain)
        // The rest of an order, after whatever else waits. What is refused is tried again as all that is.
        let makesChanges = work.scope != .verification || driftPolicy == .repair
        if makesChanges, report.failures.isEmpty { note(report.plan.unordered, at: now) }
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
        foundDrift = []
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
        report(done, .changes)
    }

    /// Tells of what the network did by itself.
    mutating func report(_ done: DataPathReport, _ scope: AgentStep.Scope) {
        var report = SyncReport()
        report.network = done
        steps.append(AgentStep(scope: scope, result: .success(report), drift: [], noted: nil, isOfNetwork: true))
    }
}
