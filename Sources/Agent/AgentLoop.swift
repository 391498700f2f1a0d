package import LoadBalancing
internal import Reconcile

/// What an agent keeps the kernel equal to.
package protocol DesiredSource {
    /// Whether every source has told all it has once; before that, nothing is changed.
    var isComplete: Bool { get }
    /// Everything that is wanted.
    var desired: DesiredState { get }
    /// What is wanted of one virtual server; `nil` for nothing.
    func desired(_ key: VirtualServerKey) -> DesiredVirtualServer?
}

/// Says when to synchronise and what: changes at once, everything at an interval, failures again after a while.
package struct AgentLoop {
    /// How long things may wait.
    package struct Timing: Hashable, Sendable {
        /// Between two looks at everything.
        package var verification = Duration.seconds(30)
        /// Between two looks at what drains.
        package var drain = Duration.seconds(5)
        /// Between two syncs; what comes meanwhile goes together.
        package var minimum = Duration.milliseconds(100)

        package init() {}
    }

    /// What one step did.
    package enum Outcome: Sendable {
        case synchronized(SyncReport)
        case failed(SyncError)
    }

    /// More changed virtual servers than this are looked at together with all the others, which is cheaper.
    private static let maximumSingle = 256
    private static let firstRetry = Duration.seconds(1)
    private static let lastRetry = Duration.seconds(60)

    private let synchronizer: Synchronizer
    /// What holds from the next step on.
    package var timing: Timing
    private var changed: Set<VirtualServerKey> = []
    private var draining: Set<VirtualServerKey> = []
    private var isStale = true
    private var failures = 0
    private var lastSync: ContinuousClock.Instant?
    private var nextVerification: ContinuousClock.Instant
    private var nextDrainLook: ContinuousClock.Instant?
    private var retry: ContinuousClock.Instant?

    package init(_ synchronizer: Synchronizer, timing: Timing = Timing(), now: ContinuousClock.Instant) {
        self.synchronizer = synchronizer
        self.timing = timing
        nextVerification = now
    }

    /// Takes note of virtual servers that may be wanted otherwise now.
    package mutating func note(_ keys: some Sequence<VirtualServerKey>) { changed.formUnion(keys) }

    /// Takes note that anything may be wanted otherwise now.
    package mutating func noteEverything() { isStale = true }

    /// When the next step is due, once the source is complete.
    package var due: ContinuousClock.Instant {
        var times = [nextVerification]
        if let nextDrainLook { times.append(nextDrainLook) }
        if let retry { times.append(retry) }
        if isStale || !changed.isEmpty {
            times.append(lastSync.map { $0 + timing.minimum } ?? nextVerification)
        }
        return times.min() ?? nextVerification
    }

    /// Does what is due; `nil` when nothing is.
    package mutating func step(
        _ source: some DesiredSource, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Outcome? {
        guard source.isComplete, due <= now else { return nil }
        lastSync = now
        let isWhole =
            isStale || [retry, nextVerification].contains { $0.map { $0 <= now } ?? false }
            || changed.count > Self.maximumSingle
        do throws(SyncError) {
            let result = try isWhole ? synchronizeAll(source) : synchronizeChanged(source)
            settle(result.report, now, isWhole: result.isWhole, &generator)
            return .synchronized(result.report)
        } catch {
            fail(now, &generator)
            return .failed(error)
        }
    }
}

// MARK: - Steps

extension AgentLoop {
    private typealias Result = (report: SyncReport, isWhole: Bool)

    private func synchronizeAll(_ source: some DesiredSource) throws(SyncError) -> Result {
        (try synchronizer.synchronize(source.desired), true)
    }

    private func synchronizeChanged(_ source: some DesiredSource) throws(SyncError) -> Result {
        let keys = changed.union(draining)
        let desired = keys.compactMap { source.desired($0) }.sorted { $0.key < $1.key }
        guard let report = try synchronizer.synchronize(only: keys, desired) else { return try synchronizeAll(source) }
        return (report, false)
    }

    private mutating func settle(
        _ result: SyncReport, _ now: ContinuousClock.Instant, isWhole: Bool,
        _ generator: inout some RandomNumberGenerator
    ) {
        changed.removeAll(keepingCapacity: true)
        draining = Set(result.plan.drains.map(\.key.virtualServer))
        nextDrainLook = draining.isEmpty ? nil : now + timing.drain
        if isWhole {
            isStale = false
            nextVerification = now + timing.verification * Double.random(in: 0.9...1.1, using: &generator)
        }
        if !result.failures.isEmpty {
            scheduleRetry(now, &generator)
        } else if isWhole {
            failures = 0
            retry = nil
        }
    }

    private mutating func fail(_ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator) {
        // The retry looks at everything.
        changed = []
        isStale = false
        nextVerification = now + timing.verification
        nextDrainLook = nil
        scheduleRetry(now, &generator)
    }

    private mutating func scheduleRetry(
        _ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator
    ) {
        let wait = min(Self.lastRetry, Self.firstRetry * (1 << min(failures, 6)))
        failures += 1
        retry = now + wait * Double.random(in: 0.5...1, using: &generator)
    }
}
