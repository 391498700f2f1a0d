internal import Agent
internal import HealthChecks
internal import LoadBalancing
internal import Reconcile

/// Which real servers of a simulation are well, and what the agent has heard of that.
struct SimulatedHealth {
    /// A real server of a Service.
    struct Pod: Hashable {
        let number: Int
        let pod: Int
    }

    /// Those that are not well, whether or not the agent knows.
    var down: Set<Pod> = []
    /// Results on their way from the checker, the first one last.
    private var coming: [(time: ContinuousClock.Instant, pod: Pod)] = []
    /// The checker has died, and is started again then.
    var silentUntil: ContinuousClock.Instant?
    /// What the file of verdicts holds: it is written some time after the news.
    private var kept: [CheckSubject: Verdict] = [:]
    private var latest: (time: ContinuousClock.Instant, verdicts: [CheckSubject: Verdict], lost: Set<VirtualServerKey>)?
    private var lostQuorums: Set<VirtualServerKey> = []

    private static let check = ServerCheck(.tcp(nil), interval: .seconds(1), rise: 1, fall: 2)

    static func subject(_ pod: Pod) -> CheckSubject {
        CheckSubject(check, of: SimulatedWorld.endpoint(pod.number, pod.pod))
    }

    /// The rules of a Service; `nil` for one that nobody checks. Every kind of rule is some Service's.
    static func rules(_ number: Int) -> HealthRules? {
        guard number % 2 == 0 || number % 5 == 0 else { return nil }
        var rules = HealthRules(checks: [check])
        rules.onFailure = [.drain, .remove, .weightZero][number % 3]
        if number % 4 == 0 { rules.quorum = 2 }
        if number % 8 < 4 { rules.backup = RealServer(backup(number)) }
        if number % 10 == 6 { rules.panicThreshold = 50 }
        if number % 5 == 0 { rules.slowStart = .seconds(20) }
        return rules
    }

    static func backup(_ number: Int) -> Endpoint { SimulatedWorld.endpoint(number, 99) }

    /// What a Service's virtual server has to hold, worked out apart from the program.
    func expected(_ number: Int, _ declared: [RealServer]) -> [RealServer] {
        guard let rules = Self.rules(number), !declared.isEmpty else { return declared }
        var up = declared.filter { server in
            !down.contains { $0.number == number && SimulatedWorld.endpoint(number, $0.pod) == server.endpoint }
        }
        if up.count * 100 < Int(rules.panicThreshold) * declared.count { up = declared }
        let isLost = up.reduce(0) { $0 + Int($1.weight) } < Int(rules.quorum ?? 1)
        guard let backup = rules.backup, isLost else {
            return rules.onFailure != .weightZero ? up : declared.map { up.contains($0) ? $0 : $0.without() }
        }
        return (rules.onFailure == .weightZero ? declared.map { $0.without() } : []) + [backup]
    }

    /// When there is something to hear.
    var next: ContinuousClock.Instant? { coming.last.map { max($0.time, silentUntil ?? $0.time) } }

    mutating func expect(_ pods: some Sequence<Pod>, at times: [ContinuousClock.Instant]) {
        for pod in pods { coming += times.map { ($0, pod) } }
        coming.sort { ($0.time, $0.pod.number, $0.pod.pod) > ($1.time, $1.pod.number, $1.pod.pod) }
    }

    /// What the checker tells by now: how each is when it tells.
    mutating func hear(_ now: ContinuousClock.Instant) -> [(CheckSubject, CheckResult)] {
        if let silentUntil, silentUntil > now { return [] }
        silentUntil = nil
        var results: [(CheckSubject, CheckResult)] = []
        while let (time, pod) = coming.last, time <= now {
            coming.removeLast()
            let outcome = down.contains(pod) ? CheckResult.Outcome.down : .up
            results.append((Self.subject(pod), CheckResult(outcome, reason: "simulated", duration: .zero)))
        }
        return results
    }

    /// Takes note of what is known now, which is in the file a second later.
    mutating func keep(_ verdicts: Verdicts, _ now: ContinuousClock.Instant) {
        settle(now)
        let known = Dictionary(uniqueKeysWithValues: verdicts.all.map { ($0.subject, $0.verdict) })
        latest = (now, known, verdicts.lostQuorums)
    }

    /// What the next process reads: verdicts, and the virtual servers without their quorum.
    mutating func recall(_ now: ContinuousClock.Instant) -> ([CheckSubject: Verdict], Set<VirtualServerKey>) {
        settle(now)
        latest = nil
        return (kept, lostQuorums)
    }

    private mutating func settle(_ now: ContinuousClock.Instant) {
        guard let latest, latest.time + .seconds(1) <= now else { return }
        (kept, lostQuorums) = (latest.verdicts, latest.lost)
    }
}

extension RealServer {
    fileprivate func without() -> RealServer {
        var server = self
        server.weight = 0
        return server
    }
}

// What befalls the real servers that are checked.
extension Simulation {
    /// Some real server falls ill, or is well again.
    func healthEvent() {
        switch pick(0...9) {
        case 0:
            health.silentUntil = now + .seconds(pick(1...40))
            note("the checker dies")
        default:
            let checked = world.services.keys.sorted().filter { SimulatedHealth.rules($0) != nil }
            guard let number = checked.randomElement(using: &random) else { return }
            // All of one Service at once, too.
            for pod in chance(4) ? Array(1...6) : [pick(1...6)] {
                let pod = SimulatedHealth.Pod(number: number, pod: pod)
                health.down.formSymmetricDifference([pod])
                note("\(pod) is \(health.down.contains(pod) ? "down" : "up")")
                hearSoon([pod])
            }
        }
    }

    /// The checker's next answers about some.
    func hearSoon(_ pods: some Sequence<SimulatedHealth.Pod>) {
        let first = now + .milliseconds(pick(0...1_500))
        health.expect(pods, at: (0..<3).map { first + .seconds($0) })
    }

    /// Has a Service's virtual server watched as it is declared now.
    func watch(_ number: Int) {
        let key = SimulatedWorld.key(number)
        guard let declared = world.declared(key), let rules = SimulatedHealth.rules(number) else {
            return world.verdicts.forget(key)
        }
        world.verdicts.watch(declared, by: rules, now: now)
        hearSoon((world.services[number]?.endpoints.sorted() ?? []).map { .init(number: number, pod: $0) })
    }

    /// Takes what the checker tells, and what time brings.
    func hear() {
        var keys = world.verdicts.advance(to: now)
        let results = health.hear(now)
        if !results.isEmpty {
            let change = world.verdicts.record(results, now: now)
            keys.formUnion(change.keys)
            knownDown = knownDown.filter { world.verdicts.verdict(of: SimulatedHealth.subject($0))?.state == .down }
            health.keep(world.verdicts, now)
        }
        if !keys.isEmpty { note("verdicts on \(keys.sorted())") }
        process.reconciler.note(keys, at: now)
    }

    /// A new process: it knows what the one before kept.
    func recallVerdicts() {
        let (kept, lostQuorums) = health.recall(now)
        let recollection = Recollection(lostQuorums: lostQuorums) { kept[$0] }
        world.verdicts = Verdicts(now: now, recalling: mutation == .forgetsVerdicts ? Recollection() : recollection)
        world.services.keys.sorted().forEach(watch)
        knownDown = Set(
            health.down.filter {
                SimulatedHealth.rules($0.number)?.panicThreshold == 0
                    && kept[SimulatedHealth.subject($0)]?.state == .down
            })
    }

    /// One that was known to be down gets no connections before a check has said otherwise, whoever has restarted.
    func checkKnownDown(_ servers: [DesiredVirtualServer]) {
        guard !knownDown.isEmpty else { return }
        for server in servers {
            guard let number = SimulatedWorld.number(server.key) else { continue }
            for real in server.realServers where real.weight > 0 {
                let pod = knownDown.first {
                    $0.number == number && SimulatedWorld.endpoint(number, $0.pod) == real.endpoint
                }
                if let pod { fail("\(pod) is to serve though it was down when the process before was killed") }
            }
        }
    }
}
