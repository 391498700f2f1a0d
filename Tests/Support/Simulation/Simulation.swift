internal import Agent
internal import DataPath
internal import LoadBalancing
internal import NFTables
internal import Netlink
internal import NodeNetwork
internal import Reconcile
internal import Synchronization
internal import TestSupport

/// A fault that is put in on purpose: the simulation has to find it.
package enum Mutation: String, CaseIterable, Sendable {
    /// Addresses come before their virtual servers.
    case addressesFirst
    /// Real servers go with their connections.
    case cutsDrains
    /// However much goes at once, it goes.
    case noGuard
    /// What is there before the sources have spoken counts as all that is declared.
    case believesEarly
    /// What others made counts as ours and is removed.
    case claimsForeign
    /// Virtual servers wait for the network for as long as it takes.
    case waitsForNetwork
    /// Nobody looks whether the table still is as it was left.
    case neverVerifies
}

/// An invariant that did not hold, with the way to see it again.
package struct SimulationFailure: Error, CustomStringConvertible {
    package let seed: UInt64
    package let time: Duration
    package let message: String
    package let trace: [String]

    package var description: String {
        "seed \(seed), at \(time): \(message)\n" + trace.map { "  \($0)\n" }.joined()
    }
}

/// What simulations went through.
package struct SimulationFigures: Sendable {
    package var jobs = 0
    package var operations = 0
    package var events = 0
    package var restarts = 0
    /// The longest that a change of a virtual server waited for its job, while the table was idle.
    package var longestWait = Duration.zero
    /// The most jobs that one turn of the loop handed out.
    package var busiestTurn = 0

    package init() {}

    package mutating func add(_ other: SimulationFigures) {
        jobs += other.jobs
        operations += other.operations
        events += other.events
        restarts += other.restarts
        longestWait = max(longestWait, other.longestWait)
        busiestTurn = max(busiestTurn, other.busiestTurn)
    }
}

/// A daemon's life under a clock of its own, over tables in memory, with faults; the same for the same seed.
///
/// Reconciler, synchronizer, planner and the network's keeper are the real ones. Each job takes its time, hangs, fails or
/// is cut short by the end of the process, while sources change and other programs write. Invariants are checked at
/// every operation; in the end faults stop, and everything has to become as declared.
package final class Simulation {
    private let seed: UInt64
    private let mutation: Mutation?
    private var random: SeededGenerator
    private let start = ContinuousClock.now
    private let clock: SimulatedClock
    private var world = SimulatedWorld()
    private let kernel = InMemoryKernel()
    private let firewall = InMemoryFirewall()
    private let network = InMemoryNetwork()
    private let ledger = SimulatedLedger()
    private let record = SimulatedRecord()
    private let watched: WatchedTable
    private let addresses: WatchedAddresses
    private var process: Process
    private var flights: [Flight] = []
    private var isCalm = false
    private var nextEvent: ContinuousClock.Instant
    /// When the sources of a new process are complete.
    private var completion: ContinuousClock.Instant?
    package private(set) var figures = SimulationFigures()
    private var trace: [String] = []
    private var failure: String?

    // What invariants are checked against.
    private var foreign: [VirtualServerKey: ObservedVirtualServer] = [:]
    private var isOurTurn = false
    private var crashAfter: Int?
    private var lies = false
    private var loses = false
    /// What the job under way was told to make of virtual servers.
    private var told: [VirtualServerKey: DesiredVirtualServer] = [:]
    /// When real servers got weight 0 by our hand.
    private var drainStarts: [Drained: ContinuousClock.Instant] = [:]
    /// Virtual servers that others or faults had a hand in.
    private var excused: Set<VirtualServerKey> = []
    private var isFirewallExcused = false
    /// Those that a mass loss would take, while it lasts.
    private var lost: [Int: SimulatedWorld.Service] = [:]
    private var changeWaits: ContinuousClock.Instant?
    /// Services that came or went since the network was idle.
    private var unsettled: Set<Int> = []
    private var isKilled = false
    /// Whether what is lost was so much of all, when the job began, that the guard holds it: others may have come.
    private var isMassLoss = false
    /// Whether this process has met a ledger that could not be written in time.
    private var hasBeenLate = false
    private var isLate = false
    /// Whether this process began with a ledger that its predecessor could not write in time: drains in it may be old.
    private var isLedgerOld = false
    /// Virtual servers that a process left behind which was killed while its ledger was late: foreign unless declared.
    private var orphans: Set<VirtualServerKey> = []
    private var servedBefore = false

    private static let drainTimeout: UInt32 = 60
    private static let faultyPhase = Duration.seconds(240)
    private static let calmPhase = Duration.seconds(600)
    /// A change reaches the table within that long, whatever holds up the network.
    private static let longestWait = Duration.milliseconds(200)

    private struct Drained: Hashable {
        let key: VirtualServerKey
        let endpoint: Endpoint
    }

    private struct Flight {
        let job: AgentJob
        let began: ContinuousClock.Instant
        let effect: ContinuousClock.Instant
        var end: ContinuousClock.Instant
        var outcome: AgentOutcome?
    }

    /// What ends when the process is killed.
    private struct Process {
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

    private static func process(
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

    private var now: ContinuousClock.Instant {
        get { clock.now }
        set { clock.now = newValue }
    }

    private func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &random) == 0 }

    private func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    private func fail(_ message: String) { failure = failure ?? message }

    private func note(_ text: @autoclosure () -> String) {
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

    private func check(_ turns: inout Int) throws(SimulationFailure) {
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

    private func begin() {
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
        if mutation == .claimsForeign {
            ledger.set(Ledger(virtualServers: Dictionary(uniqueKeysWithValues: foreign.keys.map { ($0, .init()) })))
            renewProcess()
        }
        world.isComplete = false
        completion = now + .milliseconds(pick(0...5_000))
        if mutation == .believesEarly { world.isComplete = true }
    }

    /// One turn of the loop, at the next moment at which something happens.
    private func turn() {
        now = max(now, nextMoment())
        if let completion, completion <= now {
            self.completion = nil
            world.isComplete = true
            // What came while the sources spoke is part of everything.
            process.reconciler.noteEverything(at: now)
            note("the sources are complete")
        }
        if !isCalm, nextEvent <= now {
            event()
            nextEvent = now + .milliseconds(pick(1...4_000))
        }
        fly()
        if flights.isEmpty { unsettled = [] }
        hand()
        checkWaiting()
    }

    private func nextMoment() -> ContinuousClock.Instant {
        var moments = flights.flatMap { flight in
            guard flight.outcome == nil else { return [flight.end] }
            guard flight.effect <= now, case .table(.everything(_, let gate?)) = flight.job, !gate.isPassable else {
                return [flight.effect]
            }
            return [flight.began + gate.limit]
        }
        moments = moments.map { $0 <= now ? now + .microseconds(100) : $0 }
        if !isCalm { moments.append(nextEvent) }
        if let completion { moments.append(completion) }
        if world.isComplete {
            // Nothing that is due may wait for the next moment for ever: that is what turns are counted for.
            moments.append(max(process.reconciler.due, now + .microseconds(100)))
        }
        return moments.min() ?? now + .seconds(1)
    }

    /// Lets jobs take effect and end.
    private func fly() {
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

    private func deliver(_ outcome: AgentOutcome) {
        if case .table(.synced(.failure)) = outcome { changeWaits = nil }
        process.reconciler.take(outcome, shown, now: now, using: &random)
    }

    /// What the reconciler sees.
    private var shown: SimulatedWorld {
        guard mutation == .believesEarly, completion != nil else { return world }
        return SimulatedWorld()
    }

    /// Whether the table need wait for its gate no longer.
    private func isPassable(_ flight: Flight) -> Bool {
        guard case .table(.everything(_, let gate?)) = flight.job, !gate.isPassable else { return true }
        guard now >= flight.began + gate.limit else { return false }
        gate.open()
        return true
    }

    private func hand() {
        var count = 0
        while let job = process.reconciler.next(shown, now: now) {
            count += 1
            guard count < 100 else { return fail("a turn of the loop does not end") }
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

    private func delay(of job: AgentJob) -> Duration {
        if isCalm { return .milliseconds(1) }
        switch job {
        case .table: return chance(10) ? .milliseconds(pick(1...8_000)) : .microseconds(pick(50...5_000))
        case .network:
            // nft hangs, a dump takes long.
            if chance(25) { return .seconds(pick(10...120)) }
            return chance(5) ? .milliseconds(pick(1...3_000)) : .microseconds(pick(50...20_000))
        }
    }

    private func perform(_ job: AgentJob) -> AgentOutcome {
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

// MARK: - What happens

extension Simulation {
    private func event() {
        figures.events += 1
        switch pick(0...19) {
        case 0...8: change()
        case 9: massLoss()
        case 10, 11: others()
        case 12: connections()
        case 13: refuse()
        case 14: ledger.set(isFull: chance(3))
        case 15:
            isLate = chance(2)
            hasBeenLate = hasBeenLate || isLate
            ledger.set(isLate: isLate)
            note("the ledger's disk \(isLate ? "hangs" : "answers")")
        case 16:
            firewall.nextFailure = NFTablesError(operation: "replace", message: "no")
            note("nft will fail")
        case 17: network.errorAfterNextApply = chance(2) ? NetlinkError(.answersLost, operation: "addresses") : nil
        case 18: if chance(3) { restart() }
        default: kernel.refusals = [:]
        }
    }

    private func change() {
        for _ in 0..<pick(1...3) {
            let number = pick(1...40)
            guard lost[number] == nil else { continue }
            let before = world.elements(of: number)
            switch (world.services[number], pick(0...5)) {
            case (nil, 0...3): world.services[number] = .init(endpoints: Set(1...pick(1...4)))
            case (.some, 0): world.services[number] = nil
            case (.some, 1): world.services[number]?.endpoints = Set([pick(1...6)])
            case (.some, 2): world.services[number]?.endpoints = []
            case (.some, 3): world.services[number]?.weight = UInt32(pick(1...3))
            case (.some, _): world.services[number]?.endpoints.formSymmetricDifference([pick(1...6)])
            default: continue
            }
            told(number, before)
        }
    }

    private func told(_ number: Int, _ before: Set<DataPathElement>) {
        let after = world.elements(of: number)
        if after.isEmpty != before.isEmpty { unsettled.insert(number) }
        note("Service \(number) is \(world.services[number].map { "\($0.endpoints.sorted()) \($0.weight)" } ?? "gone")")
        process.reconciler.note([SimulatedWorld.key(number)], at: now)
        process.reconciler.note(
            DataPathChange(added: after.subtracting(before), removed: before.subtracting(after)), at: now)
        if world.isComplete { changeWaits = changeWaits ?? now }
    }

    /// Most Services vanish at once, and come back later.
    private func massLoss() {
        guard lost.isEmpty else {
            for (number, service) in lost {
                let before = world.elements(of: number)
                world.services[number] = service
                told(number, before)
            }
            lost = [:]
            return
        }
        // Only what is there and not under way may be judged as a loss.
        guard world.isComplete, flights.isEmpty, world.services.count > 12 else { return }
        let all = world.services.keys.sorted()
        let going = all.dropLast(2)
        let isWhole = all.allSatisfy { number in
            let key = SimulatedWorld.key(number)
            return kernel.virtualServers[key]?.realServers.map(\.realServer) == world.desired(key)?.realServers
                && ledger.ledger.virtualServers[key] != nil
        }
        guard isWhole, ledger.ledger.virtualServers.count == all.count else { return }
        note("a mass loss")
        for number in going {
            let before = world.elements(of: number)
            lost[number] = world.services.removeValue(forKey: number)
            told(number, before)
        }
    }

    /// Another program writes.
    private func others() {
        let keys = kernel.virtualServers.keys.filter { foreign[$0] == nil }.sorted()
        guard let key = keys.randomElement(using: &random), let server = kernel.virtualServers[key] else { return }
        excused.insert(key)
        note("another program changes \(key)")
        switch pick(0...5) {
        case 0: _ = try? kernel.apply([.removeVirtualServer(key)])
        case 1:
            if let real = server.realServers.randomElement(using: &random) {
                _ = try? kernel.apply([.removeRealServer(real.endpoint, from: key)])
            }
        case 2:
            _ = try? kernel.apply([
                .addRealServer(RealServer(Endpoint(IPAddress(v4: 0xCB00_7109), port: 80)), to: key)
            ])
        case 3:
            firewall.observed = nil
            isFirewallExcused = true
        case 4:
            if let number = SimulatedWorld.number(key) {
                network.removeForeignAddress(SimulatedWorld.address(number), from: DataPathSettings.defaultDevice)
            }
        default:
            var edited = server.virtualServer
            edited.scheduler = Scheduler("rr")
            _ = try? kernel.apply([.editVirtualServer(edited)])
        }
    }

    private func connections() {
        for (key, server) in kernel.virtualServers.sorted(by: { $0.key < $1.key }) where foreign[key] == nil {
            for real in server.realServers where chance(3) {
                // A real server with weight 0 gets no new ones.
                let open = real.realServer.weight > 0 || !real.connections.isIdle
                kernel.setConnections(
                    ConnectionCounts(active: open && chance(2) ? 1 : 0, inactive: 0), of: real.endpoint, in: key)
            }
        }
    }

    private func refuse() {
        let number = pick(1...40)
        let key = SimulatedWorld.key(number)
        excused.insert(key)
        note("the kernel will refuse \(key)")
        kernel.refusals[.addVirtualServer(VirtualServer(key))] = 12
        kernel.refusals[.addRealServer(RealServer(SimulatedWorld.endpoint(number, pick(1...4))), to: key)] = 12
    }

    /// The process is killed, and another one begins.
    private func restart() {
        note("the process is killed")
        figures.restarts += 1
        (crashAfter, isKilled) = (nil, false)
        flights = []
        changeWaits = nil
        let left = Set(kernel.virtualServers.keys.filter { foreign[$0] == nil })
            .subtracting(ledger.ledger.virtualServers.keys)
        if !hasBeenLate, let key = left.subtracting(orphans).first {
            fail("\(key) is in the kernel and not in the ledger")
        }
        orphans.formUnion(left)
        isLedgerOld = hasBeenLate
        hasBeenLate = isLate
        excused.formUnion(world.services.keys.map(SimulatedWorld.key))
        excused.formUnion(kernel.virtualServers.keys)
        renewProcess()
        world.isComplete = mutation == .believesEarly
        completion = now + .milliseconds(pick(0...60_000))
    }

    private func renewProcess() {
        process = Self.process(watched, addresses, firewall, ledger, record, mutation, clock)
    }

    private func calmDown() {
        note("faults end")
        isCalm = true
        kernel.refusals = [:]
        ledger.set(isFull: false)
        ledger.set(isLate: false)
        isLate = false
        firewall.nextFailure = nil
        network.errorAfterNextApply = nil
        if !lost.isEmpty { massLoss() }
        for index in flights.indices { flights[index].end = min(flights[index].end, now + .seconds(1)) }
    }
}

// MARK: - Invariants

extension Simulation: TableWatcher {
    func willApply(_ operation: TableOperation, _ kernel: InMemoryKernel) throws(NetlinkError) {
        if let count = crashAfter {
            if isKilled || count == 0 {
                isKilled = true
                throw NetlinkError(.malformed, operation: "be killed")
            }
            crashAfter = count - 1
        }
        figures.operations += 1
        if completion != nil { fail("\(operation) before every source has spoken") }
        guard let key = operation.key else { return }
        note("\(operation)")
        if foreign[key] != nil { fail("\(key) of another program is touched: \(operation)") }
        switch operation {
        case .removeVirtualServer:
            // What had only real servers on their way out was agreed to before.
            if isMassLoss, let number = SimulatedWorld.number(key), lost[number]?.endpoints.isEmpty == false {
                let ours = kernel.virtualServers.keys.filter { foreign[$0] == nil }.sorted()
                fail("\(key) is removed although \(lost.count) of \(ours) at once look like a mistake")
            }
            for real in kernel.virtualServers[key]?.realServers ?? [] { checkDrain(of: real, in: key) }
        case .removeRealServer(let endpoint, _):
            if isMassLoss, let number = SimulatedWorld.number(key), let pods = lost[number]?.endpoints,
                pods.contains(where: { SimulatedWorld.endpoint(number, $0) == endpoint })
            {
                fail("\(endpoint) of \(key) is removed although so many at once look like a mistake")
            }
            if let real = kernel.virtualServers[key]?.realServers.first(where: { $0.endpoint == endpoint }) {
                checkDrain(of: real, in: key)
            }
        default: break
        }
        servedBefore = serves(key)
    }

    private func checkDrain(of real: ObservedRealServer, in key: VirtualServerKey) {
        guard key.transportProtocol == .tcp, !real.connections.isIdle, !isLedgerOld else { return }
        let start = drainStarts[Drained(key: key, endpoint: real.endpoint)]
        guard let start, start.duration(to: now) >= .seconds(Int(Self.drainTimeout) - 1) else {
            return fail("\(real.endpoint) of \(key) is removed with connections, before its deadline")
        }
    }

    private func serves(_ key: VirtualServerKey) -> Bool {
        kernel.virtualServers[key]?.realServers.contains { $0.realServer.weight > 0 } ?? false
    }

    func didApply(_ operation: TableOperation, _ kernel: InMemoryKernel) {
        guard let key = operation.key else { return }
        if servedBefore, !serves(key), !excused.contains(key), told[key]?.realServers.isEmpty == false {
            fail("\(key) is left without a real server that serves, by \(operation)")
        }
        switch operation {
        case .editRealServer(let real, _):
            let drained = Drained(key: key, endpoint: real.endpoint)
            drainStarts[drained] = real.weight == 0 ? drainStarts[drained] ?? now : nil
        case .removeRealServer(let endpoint, _): drainStarts[Drained(key: key, endpoint: endpoint)] = nil
        case .removeVirtualServer: drainStarts = drainStarts.filter { $0.key.key != key }
        default: break
        }
    }

    func liesInDumps() -> Bool {
        defer { lies = false }
        return lies
    }

    func losesAnswers() -> Bool {
        defer { loses = false }
        return loses
    }

    func didApply(_ operation: VIPOperation) {
        note("\(operation)")
        guard case .addAddress(let address) = operation,
            let number = (1...60).first(where: { SimulatedWorld.address($0) == address })
        else { return }
        let key = SimulatedWorld.key(number)
        if kernel.virtualServers[key] == nil, !excused.contains(key), !unsettled.contains(number) {
            fail("\(address) is taken before its virtual server is there")
        }
        let guardElement = DataPathElement.guarded(key, SimulatedWorld.sources(number))
        if SimulatedWorld.isGuarded(number), !isFirewallExcused,
            firewall.observed?.elements.contains(guardElement) != true
        {
            fail("\(address) is taken before the rules that say who may use it")
        }
    }

    private func checkWaiting() {
        guard let changeWaits, completion == nil else { return }
        let isBusy = flights.contains { flight in
            if case .table = flight.job { return true }
            return false
        }
        if !isBusy, changeWaits.duration(to: now) > Self.longestWait {
            fail("a change has waited for \(changeWaits.duration(to: now)) while the table was idle")
        }
    }

    private func checkConvergence() {
        for (key, server) in foreign where kernel.virtualServers[key] != server {
            fail("\(key) of another program is not as it was")
        }
        let ours = kernel.virtualServers.filter { foreign[$0.key] == nil }
        let wanted = Dictionary(uniqueKeysWithValues: world.desired.virtualServers.map { ($0.key, $0) })
        for key in Set(ours.keys).union(wanted.keys).sorted() where wanted[key] != nil || !orphans.contains(key) {
            let found = ours[key]?.realServers.map(\.realServer)
            if found != wanted[key]?.realServers || ours[key]?.virtualServer != wanted[key]?.virtualServer {
                fail(
                    "\(key) is \(String(describing: found)), not \(String(describing: wanted[key]?.realServers)); "
                        + "ours: \(ledger.ledger.owns(key)), orphan: \(orphans.contains(key)), drains \(process.reconciler.drains)"
                )
            }
        }
        let elements = world.dataPath
        if firewall.observed?.elements != elements {
            let found = firewall.observed?.elements ?? []
            fail(
                "the rules lack \(elements.subtracting(found)) and have \(found.subtracting(elements)) too many")
        }
        let bound = (try? network.read(device: DataPathSettings.defaultDevice).addresses) ?? []
        let addresses = Set(world.services.keys.map(SimulatedWorld.address))
        if bound != addresses {
            fail("addresses \(addresses.subtracting(bound)) are missing, \(bound.subtracting(addresses)) too many")
        }
        if Set(ledger.ledger.virtualServers.keys) != Set(wanted.keys) {
            fail("the ledger does not say what is ours")
        }
    }
}

/// The time of a simulation.
private final class SimulatedClock {
    private let start: ContinuousClock.Instant
    var now: ContinuousClock.Instant

    init(_ now: ContinuousClock.Instant) {
        start = now
        self.now = now
    }

    /// Seconds from boot.
    var bootSeconds: UInt64 { 1_000 + UInt64((now - start) / .seconds(1)) }
}

/// A record in memory that survives a process.
private final class SimulatedRecord: NetworkRecordKeeping {
    private let record = Mutex<NetworkRecord?>(nil)

    func load(isPreview: Bool) -> NetworkRecord? { record.withLock(\.self) }
    func save(_ record: NetworkRecord) { self.record.withLock { $0 = record } }
    func remove() { record.withLock { $0 = nil } }
}

extension TableJob {
    fileprivate var name: String {
        switch self {
        case .everything(let desired, _): "everything (\(desired.virtualServers.count))"
        case .some(let keys, _): "changes of \(keys.sorted())"
        case .lookOver: "a look over"
        case .check(let keys, _, _, let repairs, _, _): "a check of \(keys.sorted()), repairs \(repairs)"
        case .checkEverything: "a check of everything"
        case .release: "a release"
        case .nothing: "nothing"
        }
    }
}

extension NetworkJob {
    fileprivate var name: String {
        switch self {
        case .everything: "everything"
        case .change(let change, _, let retries):
            "a change of \(change.added.count)+\(change.removed.count), \(retries)"
        case .finish(let flows, let isWhole): "a finish, \(flows.count) flows, whole \(isWhole)"
        case .verify(let repairs): "a verification, repairs \(repairs)"
        case .release: "a release"
        }
    }
}
