package import DataPath
package import LoadBalancing
package import Reconcile

/// Says when to synchronise and what: changes at once, everything at an interval, failures again after a while.
package struct AgentLoop {
    /// How long things may wait.
    package struct Timing: Hashable, Sendable {
        /// Between two verifications of the whole table.
        package var verification = Duration.seconds(30)
        /// Until every virtual server has been looked at closely once, whatever a listing shows.
        package var audit = Duration.seconds(60 * 60)
        /// Between two looks at what drains.
        package var drain = Duration.seconds(5)
        /// Between two syncs of changes; what comes meanwhile goes together.
        package var minimum = Duration.milliseconds(100)

        package init() {}
    }

    /// More changed virtual servers than this are looked at together with all the others, which is cheaper.
    private static let maximumSingle = 256

    let synchronizer: Synchronizer
    let keeper: DataPathKeeper?
    /// What holds from the next step on.
    package var timing: Timing
    package var driftPolicy = DriftPolicy.repair
    private var changed: Set<VirtualServerKey> = []
    /// What is needed otherwise beside IPVS.
    var dataPathChange = DataPathChange()
    /// When what failed beside IPVS is tried again.
    var networkRetry: ContinuousClock.Instant?
    var networkPatience = Self.firstNetworkPatience
    var draining: [VirtualServerKey: [Drain]] = [:]
    private var isStale = true
    /// Whether removals are held back, which only a look at everything can end.
    private var isHolding = false
    private var retries = Retries()
    /// Drift that has been told of and stays, for it is not repaired.
    private var knownDrift: Set<Drift> = []
    /// When the first of the changes came that wait now.
    private var noted: ContinuousClock.Instant?
    private var lastChange: ContinuousClock.Instant?
    private var nextVerification: ContinuousClock.Instant
    private var nextDrainLook: ContinuousClock.Instant?

    /// - Parameter keeper: What keeps the node's network; `nil` where nothing beside IPVS is touched.
    package init(
        _ synchronizer: Synchronizer, keeper: DataPathKeeper? = nil, timing: Timing = Timing(),
        now: ContinuousClock.Instant
    ) {
        self.synchronizer = synchronizer
        self.keeper = keeper
        self.timing = timing
        nextVerification = now
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
        dataPathChange.append(change)
        noted = noted ?? now
    }

    /// Takes note that anything may be wanted otherwise now.
    package mutating func noteEverything(at now: ContinuousClock.Instant) {
        isStale = true
        noted = noted ?? now
    }

    /// What the kernel refuses now, one line each; it is tried again.
    package var refused: [String] { retries.reasons }

    /// The real servers that drain, as they were seen last, in any order.
    package private(set) var drains: [Drain] = []

    /// When the next step is due, once the source is complete.
    package var due: ContinuousClock.Instant {
        var times = [nextVerification]
        if let nextDrainLook { times.append(nextDrainLook) }
        if let retry = retries.due { times.append(retry) }
        if let networkRetry { times.append(networkRetry) }
        if isStale || !changed.isEmpty || !dataPathChange.isEmpty {
            times.append(lastChange.map { $0 + timing.minimum } ?? nextVerification)
        }
        return times.min() ?? nextVerification
    }

    /// Does what is due; `nil` when nothing is.
    package mutating func step(
        _ source: some DesiredSource, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> AgentStep? {
        guard source.isComplete, due <= now else { return nil }
        let scope = scope(at: now)
        let noted = scope == .verification ? nil : noted
        if scope != .verification { lastChange = now }
        let network = prepareNetwork(scope, source, now)
        do throws(SyncError) {
            var (report, keys) = try carryOut(scope, source, now)
            if scope != .everything { report.network = finishNetwork(scope, source, report, network) }
            planNetworkRetry(now)
            let drift = settle(scope, report, keys, now, &generator)
            return AgentStep(scope: scope, result: .success(report), drift: drift, noted: noted)
        } catch {
            fail(now, &generator)
            planNetworkRetry(now)
            return AgentStep(scope: scope, result: .failure(error), drift: [], noted: noted)
        }
    }
}

// MARK: - Steps

extension AgentLoop {
    /// A report, and the virtual servers that it is about; `nil` for all.
    private typealias Outcome = (report: SyncReport, keys: Set<VirtualServerKey>?)

    private func scope(at now: ContinuousClock.Instant) -> AgentStep.Scope {
        if isStale || retries.isWholeDue(at: now) || changed.count > Self.maximumSingle { return .everything }
        if !changed.isEmpty || !dataPathChange.isEmpty || !retries.dueKeys(at: now).isEmpty { return .changes }
        if let networkRetry, networkRetry <= now { return .changes }
        if let nextDrainLook, nextDrainLook <= now { return .changes }
        return isHolding ? .everything : .verification
    }

    private func carryOut(
        _ scope: AgentStep.Scope, _ source: some DesiredSource, _ now: ContinuousClock.Instant
    ) throws(SyncError) -> Outcome {
        switch scope {
        case .everything:
            let node = NodeSynchronizer(synchronizer, keeper)
            return (try node.synchronize(source.desired, source.demand), nil)
        case .verification: return (try verify(source), nil)
        case .changes:
            var keys = changed.union(retries.dueKeys(at: now))
            if let nextDrainLook, nextDrainLook <= now { keys.formUnion(draining.keys) }
            let desired = keys.compactMap { source.desired($0) }.sorted { $0.key < $1.key }
            if keys.count <= Self.maximumSingle,
                let report = try synchronizer.synchronize(only: keys, desired)
            {
                return (report, keys)
            }
            return (try synchronizer.synchronize(source.desired), nil)
        }
    }

    private func verify(_ source: some DesiredSource) throws(SyncError) -> SyncReport {
        guard driftPolicy != .ignore else { return SyncReport() }
        return try synchronizer.verify(
            source, except: retries.keys, auditing: timing.verification / timing.audit, repairs: driftPolicy == .repair)
    }

    /// Takes note of what was done, and says what drift is new.
    private mutating func settle(
        _ scope: AgentStep.Scope, _ report: SyncReport, _ keys: Set<VirtualServerKey>?, _ now: ContinuousClock.Instant,
        _ generator: inout some RandomNumberGenerator
    ) -> [Drift] {
        if scope == .verification {
            nextVerification = now + timing.verification * Double.random(in: 0.9...1.1, using: &generator)
            retries.settle(report, [], at: now, using: &generator)
            if report.isWhole { draining = [:] }
        } else {
            changed.removeAll(keepingCapacity: true)
            noted = nil
            retries.settle(report, keys, at: now, using: &generator)
            for key in keys ?? [] { draining[key] = nil }
            if keys == nil {
                draining = [:]
                isStale = false
                isHolding = report.plan.held != nil
                nextVerification = now + timing.verification * Double.random(in: 0.9...1.1, using: &generator)
            }
        }
        for (key, found) in Dictionary(grouping: report.plan.drains, by: \.key.virtualServer) {
            draining[key] = found
        }
        if !draining.isEmpty || !drains.isEmpty { drains = draining.values.flatMap(\.self) }
        if draining.isEmpty {
            nextDrainLook = nil
        } else if nextDrainLook.map({ $0 <= now }) ?? true {
            nextDrainLook = now + timing.drain
        }
        return scope == .verification ? newDrift(in: report) : []
    }

    private mutating func newDrift(in report: SyncReport) -> [Drift] {
        let fresh = report.drift.filter { !knownDrift.contains($0) }
        knownDrift = driftPolicy == .repair ? [] : Set(report.drift)
        return fresh
    }

    private mutating func fail(_ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator) {
        // The retry looks at everything.
        changed = []
        noted = nil
        isStale = false
        nextVerification = now + timing.verification
        nextDrainLook = nil
        retries.fail(at: now, using: &generator)
    }
}
