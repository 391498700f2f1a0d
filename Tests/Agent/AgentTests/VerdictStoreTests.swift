import Configuration
import HealthChecks
import LoadBalancing
import TemporaryFiles
import Testing

@testable import Agent

@Suite("What is known of real servers, over restarts")
struct VerdictStoreTests {
    private let folder: TemporaryFolder
    private let store: VerdictStore
    private let key = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80))
    private let check = ServerCheck(.http(ServerCheck.HTTPProbe()), rise: 1, fall: 1)
    private let now = ContinuousClock.now

    init() throws {
        folder = try TemporaryFolder()
        store = VerdictStore(directory: folder.path, identity: StateIdentity(boot: "boot", namespace: "1"))
    }

    private func endpoint(_ number: UInt32) -> Endpoint { Endpoint(IPAddress(v4: 0x0A00_0000 + number), port: 80) }

    private var farm: DesiredVirtualServer {
        DesiredVirtualServer(VirtualServer(key), realServers: (1...4).map { RealServer(endpoint($0), weight: 3) })
    }

    private var rules: HealthRules {
        var rules = HealthRules(checks: [check], onFailure: .weightZero)
        rules.quorum = 8
        return rules
    }

    /// One that is up, one that is up with another weight, one that is down, and one of which nothing is known.
    private func known() -> Verdicts {
        var verdicts = Verdicts(now: now - .seconds(100))
        verdicts.watch(farm, by: rules, now: now - .seconds(100))
        let outcomes: [CheckResult.Outcome] = [.up, .weight(1), .down]
        _ = verdicts.record(
            outcomes.enumerated().map { index, outcome in
                (
                    CheckSubject(check, of: endpoint(UInt32(index + 1))),
                    CheckResult(outcome, reason: "reason \(index)", duration: .zero)
                )
            }, now: now - .seconds(40))
        return verdicts
    }

    @Test("What was known holds again, since the same time")
    func roundTrip() throws {
        let before = known()
        try store.save(before, now: now)
        let (recollection, problem, isKnown) = store.load(now: now)
        #expect(problem == nil && isKnown)
        var after = Verdicts(now: now, recalling: recollection)
        after.watch(farm, by: rules, now: now)
        #expect(after.effective(farm) == before.effective(farm))
        #expect(before.lostQuorums == [key] && after.lostQuorums == [key])
        let subject = CheckSubject(check, of: endpoint(3))
        let verdict = try #require(after.verdict(of: subject))
        #expect(verdict.reason == "reason 2")
        // To the milliseconds of two clocks that are read one after the other.
        #expect(abs(verdict.since.duration(to: now - .seconds(40)) / .seconds(1)) < 1)
    }

    @Test("Another check of the same real server starts from nothing")
    func otherCheck() throws {
        try store.save(known(), now: now)
        var verdicts = Verdicts(now: now, recalling: store.load(now: now).0)
        verdicts.watch(farm, by: HealthRules(checks: [ServerCheck(.ping)]), now: now)
        #expect(verdicts.counts[.unknown] == 4)
    }

    @Test("A file of another boot or namespace says nothing", arguments: [("other", "1"), ("boot", "2")])
    func otherIdentity(boot: String, namespace: String) throws {
        try store.save(known(), now: now)
        let text = try #require(folder.text(of: "health-1"))
        let outcome = VerdictFormat.parse(
            text, StateIdentity(boot: boot, namespace: namespace), now: now, bootMilliseconds: .max)
        guard case .otherIdentity = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test(
        "What makes no sense is put aside",
        arguments: [
            "", "nonsense\n", "ipvsync verdicts 1\tboot\t1\n", "ipvsync verdicts 1\tboot\t1\nend\t1\n",
            "ipvsync verdicts 1\tboot\t1\nup\t0\t10.0.0.1:80\t1\t0\t\tok\nend\t1\n",
            "ipvsync verdicts 1\tboot\t1\ncheck\t0\t{}\nup\t0\t10.0.0.1:80\t99999999999999999\t0\t\tok\nend\t2\n",
            "ipvsync verdicts 1\tboot\t1\ncheck\t0\t{}\nup\t-1\t10.0.0.1:80\t1\t0\t\tok\nend\t2\n",
            "ipvsync verdicts 1\tboot\t1\ncheck\t0\t{}\nup\t0\t10.0.0.1:80\t1\t0\t4294967295\tok\nend\t2\n",
            "ipvsync verdicts 1\tboot\t1\nlost\tnothing\nend\t1\n",
        ])
    func corrupt(text: String) throws {
        try folder.write(text, to: "health-1")
        let (recollection, problem, isKnown) = store.load(now: now)
        #expect(problem != nil && !isKnown)
        #expect(folder.names == ["health-1.corrupt"])
        var verdicts = Verdicts(now: now, recalling: recollection)
        verdicts.watch(farm, by: rules, now: now)
        #expect(verdicts.effective(farm) == farm)
    }

    @Test("A run that checks nothing takes what is known")
    func once() throws {
        try store.save(known(), now: now)
        var startsDown = rules
        startsDown.startsDown = true
        var declaration = Declaration(
            Configuration(desired: DesiredState(virtualServers: [farm]), health: [key: startsDown]))
        declaration.apply(store.load(now: now).0)
        #expect(declaration.configuration.desired.virtualServers.first?.realServers.map(\.weight) == [3, 1, 0, 3])
    }

    @Test("An agent's wishes follow verdicts; what is declared stays")
    func agentState() throws {
        let declaration = Declaration(
            Configuration(desired: DesiredState(virtualServers: [farm]), health: [key: rules]))
        var state = AgentState(declaration, node: "n1")
        let subjects = state.takeSubjects()
        #expect(subjects?.count == 4)
        let down = CheckSubject(check, of: endpoint(2))
        let change = state.apply([(down, CheckResult(.down, reason: "", duration: .zero))], now: now)
        #expect(change.keys == [key])
        #expect(state.desired(key)?.realServers.map(\.weight) == [3, 0, 3, 3])
        #expect(state.desired.virtualServers.map(\.realServers) == [state.desired(key)?.realServers])
        #expect(state.declared(key) == farm)
        // Files without checks.
        state.use(Declaration(Configuration(desired: DesiredState(virtualServers: [farm]))))
        let rest = state.takeSubjects()
        #expect(rest == [])
        #expect(state.desired(key) == farm)
    }
}
