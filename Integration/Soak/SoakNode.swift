import Agent
import Configuration
import KubernetesAPI
import KubernetesObjects
import LoadBalancing
import Reconcile
import TestSupport

/// The agent of a soak: what it wants, its loop and its feeds, on a kernel whose answers may be lost.
final class SoakNode {
    let transport: FaultyTransport
    private let clock: SoakClock
    private let synchronizer: Synchronizer
    private var lock: RunLock?
    private(set) var state: AgentState
    private(set) var loop: AgentLoop
    private var feeds: [SoakFeed]
    private var generator: SeededGenerator
    /// What the feeds have told, put together by itself.
    private(set) var known: [ObjectIdentity: KubernetesObject] = [:]

    /// - Parameter table: The kernel by that transport.
    init(
        _ table: some VirtualServerTable, _ transport: FaultyTransport, store: LedgerStore, clock: SoakClock,
        _ configuration: Configuration, _ feeds: [SoakFeed], random: SoakRandom
    ) throws(ScenarioFailure) {
        self.transport = transport
        self.clock = clock
        self.feeds = feeds
        generator = random.fork().generator
        let synchronizer = Synchronizer(
            table: table, store: store, policy: ReconcilePolicy(configuration.settings),
            now: { clock.secondsSinceBoot })
        self.synchronizer = synchronizer
        do throws(SyncError) {
            lock = try synchronizer.lock(waitingAtMost: 0)
        } catch {
            throw ScenarioFailure("the lock is not free: \(error)")
        }
        state = AgentState(Declaration(configuration), node: SoakObjects.node)
        var timing = AgentLoop.Timing()
        // What a listing does not show is found within two minutes instead of an hour.
        timing.audit = .seconds(120)
        loop = AgentLoop(synchronizer, timing: timing, now: clock.now)
    }

    /// Lets go of the lock, for the next one.
    func end() { lock = nil }

    /// Whether the feeds know all that the server knows.
    var isCurrent: Bool { feeds.allSatisfy(\.isCurrent) }

    /// Takes other files, as the agent does.
    func use(_ configuration: Configuration) {
        state.use(Declaration(configuration))
        synchronizer.policy = ReconcilePolicy(configuration.settings)
        loop.noteEverything(at: clock.now)
    }

    /// Takes what the API server tells.
    ///
    /// - Parameter rate: The share of answers that go wrong.
    func listen(rate: Double) {
        for index in feeds.indices {
            let events = feeds[index].proceed(now: clock.now, rate: rate)
            guard !events.isEmpty else { continue }
            events.forEach(remember)
            loop.note(state.apply(events), at: clock.now)
        }
        if !state.isComplete, feeds.allSatisfy(\.isComplete) { _ = state.noteHeardAll() }
    }

    /// Does what is due.
    func step() -> AgentStep? { loop.step(state, now: clock.now, using: &generator) }

    private func remember(_ event: FeedEvent) {
        switch event {
        case .replaced(let kind, let objects, let unreadable):
            known = known.filter { $0.key.kind != kind || unreadable.contains($0.key.name) }
            objects.forEach { remember(.changed($0)) }
        case .changed(let object):
            if let identity = object.identity { known[identity] = object }
        case .removed(let identity): known[identity] = nil
        }
    }
}
