internal import Agent
internal import DataPath
internal import HealthChecks
internal import LoadBalancing
internal import NFTables
internal import Netlink
internal import NodeNetwork
internal import Reconcile
internal import Synchronization
internal import TestSupport

/// A daemon's life under a clock of its own, over tables in memory, with faults; the same for the same seed.
///
/// Reconciler, synchronizer, planner and the network's keeper are the real ones. Each job takes its time, hangs, fails or
/// is cut short by the end of the process, while sources change and other programs write. Invariants are checked at
/// every operation; in the end faults stop, and everything has to become as declared.
package final class Simulation {
    let seed: UInt64
    let mutation: Mutation?
    var random: SeededGenerator
    let start = ContinuousClock.now
    let clock: SimulatedClock
    var world = SimulatedWorld()
    var health = SimulatedHealth()
    let kernel = InMemoryKernel()
    let firewall = InMemoryFirewall()
    let network = InMemoryNetwork()
    let ledger = SimulatedLedger()
    let record = SimulatedRecord()
    let watched: WatchedTable
    let addresses: WatchedAddresses
    var process: Process
    var flights: [Flight] = []
    var isCalm = false
    var nextEvent: ContinuousClock.Instant
    /// When the sources of a new process are complete.
    var completion: ContinuousClock.Instant?
    package internal(set) var figures = SimulationFigures()
    var trace: [String] = []
    var failure: String?

    // What invariants are checked against.
    var foreign: [VirtualServerKey: ObservedVirtualServer] = [:]
    var isOurTurn = false
    var crashAfter: Int?
    var lies = false
    var loses = false
    /// What the job under way was told to make of virtual servers.
    var told: [VirtualServerKey: DesiredVirtualServer] = [:]
    /// When real servers got weight 0 by our hand.
    var drainStarts: [Drained: ContinuousClock.Instant] = [:]
    /// Virtual servers that others or faults had a hand in.
    var excused: Set<VirtualServerKey> = []
    var isFirewallExcused = false
    /// Those that a mass loss would take, while it lasts.
    var lost: [Int: SimulatedWorld.Service] = [:]
    var changeWaits: ContinuousClock.Instant?
    /// Services that came or went since the network was idle.
    var unsettled: Set<Int> = []
    var isKilled = false
    /// Whether what is lost was so much of all, when the job began, that the guard holds it: others may have come.
    var isMassLoss = false
    /// Whether this process has met a ledger that could not be written in time.
    var hasBeenLate = false
    var isLate = false
    /// Whether this process began with a ledger that its predecessor could not write in time: drains in it may be old.
    var isLedgerOld = false
    /// Virtual servers that a process left behind which was killed while its ledger was late: foreign unless declared.
    var orphans: Set<VirtualServerKey> = []
    var servedBefore = false
    /// Those that were down when the process before was killed, and that no check of this one has found up.
    var knownDown: Set<SimulatedHealth.Pod> = []

    static let drainTimeout: UInt32 = 60
    static let faultyPhase = Duration.seconds(240)
    static let calmPhase = Duration.seconds(600)
    /// A change reaches the table within that long, whatever holds up the network.
    static let longestWait = Duration.milliseconds(200)

    struct Drained: Hashable {
        let key: VirtualServerKey
        let endpoint: Endpoint
    }

    struct Flight {
        let job: AgentJob
        let began: ContinuousClock.Instant
        let effect: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        var outcome: AgentOutcome?
    }

    /// What ends when the process is killed.
    struct Process {
        var reconciler: Reconciler
        let table: TableTarget
        let network: NetworkTarget
        let policy: PolicyBox
    }

    package init(seed: UInt64, mutation: Mutation? = nil) {
        self.seed = seed
        self.mutation = mutation
        random = SeededGenerator(seed: seed)
        let clock = SimulatedClock(start)
        self.clock = clock
        nextEvent = start
        watched = WatchedTable(kernel)
        addresses = WatchedAddresses(network)
        process = Self.process(
            watched, addresses, firewall, ledger, record, mutation, clock)
        watched.watcher = self
        addresses.watcher = self
    }

    static func process(
        _ watched: WatchedTable, _ addresses: WatchedAddresses, _ firewall: InMemoryFirewall,
        _ ledger: SimulatedLedger, _ record: SimulatedRecord, _ mutation: Mutation?, _ clock: SimulatedClock
    ) -> Process {
        let policy = ReconcilePolicy(
            drainTimeout: mutation == .cutsDrains ? 0 : drainTimeout,
            removalGuard: mutation == .noGuard ? nil : RemovalGuard())
        let synchronizer = Synchronizer(table: watched, store: ledger, policy: policy, now: { clock.bootSeconds })
        synchronizer.readLedger()
        let keeper = DataPathKeeper(
            firewall: firewall, vips: addresses, sysctls: Sysctls(root: "/nonexistent"), tracker: nil, store: record,
            kernel: nil)
        var timing = Reconciler.Timing()
        if mutation == .waitsForNetwork { timing.network = .seconds(3_600) }
        if mutation == .neverVerifies { timing.verification = .seconds(100_000) }
        let box = PolicyBox()
        return Process(
            reconciler: Reconciler(timing: timing, keepsNetwork: true, now: clock.now),
            table: TableTarget(synchronizer, policy: box), network: NetworkTarget(keeper, owned: synchronizer.owned),
            policy: box)
    }

    var now: ContinuousClock.Instant {
        get { clock.now }
        set { clock.now = newValue }
    }

    func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &random) == 0 }

    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    func fail(_ message: String) { failure = failure ?? message }

    func note(_ text: @autoclosure () -> String) {
        if trace.count >= 2000 { trace.removeFirst(500) }
        trace.append("\(now - start) \(text())")
    }
}

// MARK: - The run

extension Simulation {
    /// Lives through it all.
    package func run() throws(SimulationFailure) {
        begin()
        var turns = 0
        let end = start + Self.faultyPhase
        while now < end {
            turn()
            try check(&turns)
        }
        calmDown()
        let last = now + Self.calmPhase
        var isAsked = false
        while now < last {
            if !isAsked, last - now < Self.calmPhase / 2 {
                // Somebody has looked at what is held, and lets it go.
                process.policy.put(ReconcilePolicy(drainTimeout: Self.drainTimeout, removalGuard: nil))
                isAsked = true
            }
            turn()
            try check(&turns)
        }
        checkConvergence()
        try check(&turns)
    }

    func check(_ turns: inout Int) throws(SimulationFailure) {
        turns += 1
        if turns > 50_000 {
            fail(
                "the loop spins: \(process.reconciler) due in \(process.reconciler.due - now), flights "
                    + "\(flights.map { "\($0.began - start) \($0.effect - now) \($0.end - now) \($0.outcome == nil)" })"
            )
        }
        guard let failure else { return }
        throw SimulationFailure(seed: seed, time: now - start, message: failure, trace: trace)
    }

    func begin() {
        for number in 0..<pick(0...4) {
            let key = VirtualServerKey.endpoint(
                .tcp,
                Endpoint(
                    number == 0 ? SimulatedWorld.address(1) : IPAddress(v4: 0xC633_6400 + UInt32(number)), port: 81))
            _ = try? kernel.apply([
                .addVirtualServer(VirtualServer(key)),
                .addRealServer(RealServer(Endpoint(IPAddress(v4: 0xCB00_7101), port: 80)), to: key),
            ])
            foreign[key] = kernel.virtualServers[key]
        }
        for number in 1...pick(3...30) { world.services[number] = .init(endpoints: Set(1...pick(1...4))) }
        world.ignoresVerdicts = mutation == .ignoresVerdicts
        world.services.keys.sorted().forEach(watch)
        if mutation == .claimsForeign {
            ledger.set(Ledger(virtualServers: Dictionary(uniqueKeysWithValues: foreign.keys.map { ($0, .init()) })))
            renewProcess()
        }
        world.isComplete = false
        completion = now + .milliseconds(pick(0...5_000))
        if mutation == .believesEarly { world.isComplete = true }
    }

    /// One turn of the loop, at the next moment at which something happens.
    func turn() {
        now = max(now, nextMoment())
        if let completion, completion <= now {
            self.completion = nil
            world.isComplete = true
            // What came while the sources spoke is part of everything.
            process.reconciler.noteEverything(at: now)
            note("the sources are complete")
        }
        hear()
        if !isCalm, nextEvent <= now {
            event()
            nextEvent = now + .milliseconds(pick(1...4_000))
        }
        fly()
        if flights.isEmpty { unsettled = [] }
        hand()
        checkWaiting()
    }

    func nextMoment() -> ContinuousClock.Instant {
        var moments = flights.flatMap { flight in
            guard flight.outcome == nil else { return [flight.end] }
            guard flight.effect <= now, case .table(.everything(_, let gate?)) = flight.job, !gate.isPassable else {
                return [flight.effect]
            }
            return [flight.began + gate.limit]
        }
        moments = moments.map { $0 <= now ? now + .microseconds(100) : $0 }
        if !isCalm { moments.append(nextEvent) }
        moments += [health.next, world.verdicts.nextChange].compactMap(\.self).map { max($0, now + .microseconds(100)) }
        if let completion { moments.append(completion) }
        if world.isComplete {
            // Nothing that is due may wait for the next moment for ever: that is what turns are counted for.
            moments.append(max(process.reconciler.due, now + .microseconds(100)))
        }
        return moments.min() ?? now + .seconds(1)
    }

    /// Lets jobs take effect and end.
    func fly() {
        var index = 0
        while index < flights.count {
            if flights[index].outcome == nil, flights[index].effect <= now, isPassable(flights[index]) {
                flights[index].outcome = perform(flights[index].job)
                if crashAfter != nil { return restart() }
            }
            guard let outcome = flights[index].outcome, flights[index].end <= now else {
                index += 1
                continue
            }
            flights.remove(at: index)
            if case .table = outcome, changeWaits != nil { changeWaits = now }
            deliver(outcome)
        }
    }

    func deliver(_ outcome: AgentOutcome) {
        if case .table(.synced(.failure)) = outcome { changeWaits = nil }
        process.reconciler.receive(outcome, shown, now: now, using: &random)
    }

    /// What the reconciler sees.
    var shown: SimulatedWorld {
        guard mutation == .believesEarly, completion != nil else { return world }
        return SimulatedWorld()
    }

    /// Whether the table need wait for its gate no longer.
    func isPassable(_ flight: Flight) -> Bool {
        guard case .table(.everything(_, let gate?)) = flight.job, !gate.isPassable else { return true }
        guard now >= flight.began + gate.limit else { return false }
        gate.open()
        return true
    }

    func hand() {
        var count = 0
        while let job = process.reconciler.next(shown, now: now) {
            count += 1
            guard count < 100 else { return fail("a turn of the loop does not end") }
            switch job {
            case .table(.everything(let desired, _)): checkKnownDown(desired.virtualServers)
            case .table(.some(_, let servers)): checkKnownDown(servers)
            default: break
            }
            switch job {
            case .table(.everything), .table(.some):
                if let changeWaits { figures.longestWait = max(figures.longestWait, now - changeWaits) }
                changeWaits = nil
            default: break
            }
            let delay = delay(of: job)
            flights.append(
                Flight(
                    job: job, began: now, effect: now + delay * Double.random(in: 0...1, using: &random),
                    end: now + delay))
            figures.jobs += 1
        }
        figures.busiestTurn = max(figures.busiestTurn, count)
        _ = process.reconciler.takeSteps()
    }

    func delay(of job: AgentJob) -> Duration {
        if isCalm { return .milliseconds(1) }
        switch job {
        case .table: return chance(10) ? .milliseconds(pick(1...8_000)) : .microseconds(pick(50...5_000))
        case .network:
            // nft hangs, a dump takes long.
            if chance(25) { return .seconds(pick(10...120)) }
            return chance(5) ? .milliseconds(pick(1...3_000)) : .microseconds(pick(50...20_000))
        }
    }

    func perform(_ job: AgentJob) -> AgentOutcome {
        isOurTurn = true
        defer {
            isOurTurn = false
            told = [:]
            (lies, loses) = (false, false)
        }
        switch job {
        case .network(let job):
            note("the network does \(job.name)")
            if completion != nil { fail("the network is changed before every source has spoken") }
            var outcome = process.network.perform(job)
            if mutation == .addressesFirst {
                switch job {
                case .everything, .change: outcome = process.network.perform(.finish([], isWhole: true))
                default: break
                }
            }
            if firewall.observed != nil { isFirewallExcused = false }
            return .network(outcome)
        case .table(let job):
            if !isCalm {
                lies = chance(12)
                loses = chance(25)
                if chance(40) { crashAfter = pick(0...6) }
            }
            switch job {
            case .everything(let desired, _), .checkEverything(let desired, _), .check(_, let desired, _, _, _, _):
                for server in desired.virtualServers { told[server.key] = server }
            case .some(_, let servers): for server in servers { told[server.key] = server }
            default: break
            }
            note("the table does \(job.name)")
            // Others may have removed some of them, and what comes with the job counts too.
            let ours = Set(kernel.virtualServers.keys.filter { foreign[$0] == nil })
                .union(world.services.keys.map(SimulatedWorld.key)).count
            let count = lost.keys.count { kernel.virtualServers[SimulatedWorld.key($0)] != nil }
            isMassLoss = count > 10 && count * 2 > ours && !isLedgerOld
            let outcome = process.table.perform(job)
            if case .synced(.success(let report)) = outcome {
                // Other jobs trust what was left as declared.
                switch job {
                case .everything, .checkEverything: if kernel.refusals.isEmpty { excused.subtract(told.keys) }
                default: break
                }
                excused.formUnion(report.failures.compactMap(\.cause.operation.key))
            }
            if case .synced(.failure(let error)) = outcome { note("the table fails: \(error)") }
            return .table(outcome)
        }
    }
}
