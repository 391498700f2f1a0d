package import DataPath
package import LoadBalancing
package import Reconcile

/// A reconciler whose targets do each job at once, on the caller's thread: for whoever has nothing else to do meanwhile.
package struct AgentLoop {
    package typealias Timing = Reconciler.Timing

    private var reconciler: Reconciler
    private let table: TableTarget
    private let network: NetworkTarget?
    private let owned: OwnedIndex
    private var steps: ArraySlice<AgentStep> = []

    /// - Parameter keeper: What keeps the node's network; `nil` where nothing beside IPVS is touched.
    package init(
        _ synchronizer: Synchronizer, keeper: DataPathKeeper? = nil, timing: Timing = Timing(),
        now: ContinuousClock.Instant
    ) {
        reconciler = Reconciler(timing: timing, keepsNetwork: keeper != nil, now: now)
        synchronizer.readLedger()
        table = TableTarget(synchronizer)
        owned = synchronizer.owned
        network = keeper.map { NetworkTarget($0, owned: synchronizer.owned) }
    }

    /// What is done about drift from now on.
    package var driftPolicy: DriftPolicy {
        get { reconciler.driftPolicy }
        set { reconciler.driftPolicy = newValue }
    }

    /// When the next step is due, once the source is complete.
    package var due: ContinuousClock.Instant { reconciler.due }

    /// What the kernel refuses now, one line each.
    package var refused: [String] { reconciler.refused }

    /// The real servers that drain, as they were seen last.
    package var drains: [Drain] { reconciler.drains }

    /// Takes note of virtual servers that may be wanted otherwise now.
    package mutating func note(_ keys: some Collection<VirtualServerKey>, at now: ContinuousClock.Instant) {
        reconciler.note(keys, at: now)
    }

    /// Takes note of what is needed otherwise beside IPVS.
    package mutating func note(_ change: DataPathChange, at now: ContinuousClock.Instant) {
        reconciler.note(change, at: now)
    }

    /// Takes note that anything may be wanted otherwise now.
    package mutating func noteEverything(at now: ContinuousClock.Instant) { reconciler.noteEverything(at: now) }

    /// Does what is due; `nil` when nothing is.
    package mutating func step(
        _ source: some DesiredSource, now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> AgentStep? {
        perform(source, now, &generator)
        return steps.popFirst()
    }

    private mutating func perform(
        _ source: some DesiredSource, _ now: ContinuousClock.Instant, _ generator: inout some RandomNumberGenerator
    ) {
        while steps.isEmpty, let job = reconciler.next(source, now: now) {
            defer { steps += reconciler.takeSteps() }
            switch job {
            case .table(let job):
                reconciler.receive(.table(table.perform(job)), source, now: now, using: &generator)
            case .network(let job):
                guard let network else { return }
                reconciler.receive(.network(network.perform(job)), source, now: now, using: &generator)
            }
        }
    }

    /// Lets go of the addresses by which an API server that does not answer is reached: see ``Reconciler``.
    package mutating func release(_ servers: Set<IPAddress>, unlessDeclaredIn source: some DesiredSource) -> Release {
        var generator = SystemRandomNumberGenerator()
        reconciler.release(servers, owned: owned, unlessDeclaredIn: source)
        perform(source, reconciler.due - .seconds(1), &generator)
        return reconciler.takeReleases().first ?? Release()
    }
}
