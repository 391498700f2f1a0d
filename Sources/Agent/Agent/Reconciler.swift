package import DataPath
package import LoadBalancing
package import Reconcile

/// Says what is to be done when: changes at once, everything at an interval, failures again after a while.
///
/// It only decides, and never waits: the table of virtual servers and the node's network each do one job at a time,
/// wherever the caller has them run, and their outcomes come back through ``receive(_:_:now:using:)``. So whatever holds up
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
        /// How long a look at everything waits for what is wanted to be translated as a whole.
        package var whole = Duration.seconds(5)

        package init() {}
    }

    /// So many virtual servers are looked at in one job: no job may keep the others waiting for long.
    static let jobSize = 256
    /// More leaving virtual servers than this, and only a look at everything tells whether so many may go.
    static let judgedApart = 10

    /// What holds from the next job on.
    package var timing: Timing
    package var driftPolicy = DriftPolicy.repair
    /// Whether something beside IPVS is kept.
    let keepsNetwork: Bool
    var changed: Set<VirtualServerKey> = []
    var isStale = true
    /// Whether nothing has been begun yet.
    var isFirst = true
    /// Whether everything has been made once: before that, no address comes or goes.
    var isSynchronized = false
    /// Whether removals are held back, which only a look at everything can end.
    var isHolding = false
    var retries = Retries()
    var draining = Drains()
    /// Drift that has been told of and stays, for it is not repaired.
    var knownDrift: Set<Drift> = []
    /// Drift that the verification under way has found.
    var foundDrift: Set<Drift> = []
    /// When the first of the changes came that wait now.
    var noted: ContinuousClock.Instant?
    /// When changes may be made: not sooner than ``Timing/minimum`` after the last ones.
    var changesFrom: ContinuousClock.Instant
    var nextVerification: ContinuousClock.Instant
    /// What a verification has yet to look at closely.
    var verification: Verification?
    /// What the table is doing; `nil` when it is idle.
    var underWay: UnderWay?
    /// How many virtual servers are ours, as far as is known.
    var ownedCount = 0
    /// The job that goes with the one that was begun last.
    var following: AgentJob?
    var network = NetworkState()
    var release = ReleaseState()
    /// A step that waits for the network's part of its report.
    var unreported: (step: AgentStep, limit: ContinuousClock.Instant)?
    var hasReported = false
    var steps: [AgentStep] = []

    /// Whether a verification is reading its listing.
    var isLooking = false

    /// What is left of a verification.
    struct Verification {
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
        let began: ContinuousClock.Instant
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

    /// Takes note that addresses of the node may be on other devices now: they are looked at before any is taken.
    package mutating func noteAddressesMoved() { network.owesLook = true }

    /// Takes note that anything may be wanted otherwise now.
    package mutating func noteEverything(at now: ContinuousClock.Instant) {
        isStale = true
        noted = noted ?? now
    }

    /// Since when the table, and the network, have been at one job; `nil` when they are idle.
    package var busySince: (table: ContinuousClock.Instant?, network: ContinuousClock.Instant?) {
        (underWay?.began, network.began)
    }

    /// What the kernel refuses now, one line each, as many as a reader can use; it is tried again.
    package var refused: [String] { retries.reasons }

    /// The real servers that drain, as they were seen last, in any order.
    package var drains: [Drain] { draining.all }

    /// Whether the table has nothing to do.
    var isTableIdle: Bool { underWay == nil && !release.isWithTable }

    /// Whether the table has made all changes that it was told of.
    var isTableSettled: Bool { isTableIdle && !hasChanges && isSynchronized && !retries.isWholeOwed }

    /// Whether addresses follow the table's work on everything: then the network is not free for anything else.
    var followsTable: Bool { underWay?.scope == .everything && network.hasGate }

    /// Whether every change that it was told of has been made, but for what the kernel refuses.
    package var hasMadeChanges: Bool {
        let isChanging = underWay.map { $0.scope != .verification } ?? false
        return isSynchronized && !hasChanges && !isChanging && !retries.isWholeOwed && network.isSettled
    }

    mutating func forgetDrains(_ keys: Set<VirtualServerKey>) { draining.forget(keys) }

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

    var changesDue: ContinuousClock.Instant? {
        isStale || !changed.isEmpty || !network.change.isEmpty ? changesFrom : nil
    }

    var tableDue: ContinuousClock.Instant {
        var times = [nextVerification]
        // With changes that wait, drains wait too: theirs may be among them.
        if let look = draining.nextLook, changed.isEmpty { times.append(look) }
        if let retry = retries.due { times.append(retry) }
        // The rest of one that has begun.
        if verification != nil || isLooking { times.append(changesFrom - timing.minimum) }
        if hasChanges, let changesDue { times.append(networkBarrier.map { max($0, changesDue) } ?? changesDue) }
        return times.min() ?? nextVerification
    }

    /// When changes go to the network.
    var networkChangeDue: ContinuousClock.Instant? { network.change.isEmpty ? nil : changesDue }
}
