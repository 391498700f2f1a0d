import HealthChecks
import LoadBalancing
import Testing

@Suite("Overrides by hand") struct OverridesTests {
    private let start = ContinuousClock.now
    private let check = ServerCheck(.tcp(nil), rise: 1, fall: 1)
    private let key = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80))
    private let other = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0202), port: 80))
    private let author = Override.Author(user: 0, process: 7)

    private func address(_ number: UInt32) -> IPAddress { IPAddress(v4: 0x0A00_0000 + number) }
    private func endpoint(_ number: UInt32) -> Endpoint { Endpoint(address(number), port: 80) }

    private func farm(_ weights: [UInt32], _ key: VirtualServerKey? = nil) -> DesiredVirtualServer {
        DesiredVirtualServer(
            VirtualServer(key ?? self.key),
            realServers: weights.enumerated().map { RealServer(endpoint(UInt32($0.offset + 1)), weight: $0.element) })
    }

    private func override(
        _ action: Override.Action, _ number: UInt32, port: UInt16? = nil, in key: VirtualServerKey? = nil,
        until: ContinuousClock.Instant? = nil
    ) -> Override {
        Override(
            action, of: Override.Target(address(number), port: port, in: key), since: start, until: until, by: author)
    }

    private func weights(_ server: DesiredVirtualServer) -> [UInt32] { server.realServers.map(\.weight) }

    private func watching(_ farm: DesiredVirtualServer, _ rules: HealthRules) -> Verdicts {
        var verdicts = Verdicts(now: start)
        verdicts.watch(farm, by: rules, now: start)
        return verdicts
    }

    @Test("A drain takes a real server out as one that is declared no more; a weight replaces the declared one")
    func unchecked() {
        let farm = farm([1, 2, 0])
        var verdicts = Verdicts(now: start)
        let change = verdicts.put(override(.drain, 1), about: [farm], now: start)
        #expect(change.keys == [key])
        #expect(verdicts.effective(farm).withdrawn == [endpoint(1): .drain])
        #expect(weights(verdicts.effective(farm)) == [2, 0])
        _ = verdicts.put(override(.weight(9), 2), about: [farm], now: start)
        // What is declared without weight is not brought in.
        _ = verdicts.put(override(.weight(9), 3), about: [farm], now: start)
        #expect(weights(verdicts.effective(farm)) == [9, 0])
        _ = verdicts.put(override(.weight(0), 2), about: [farm], now: start)
        #expect(weights(verdicts.effective(farm)) == [0, 0])
        #expect(verdicts.effective(farm).withdrawn.count == 1)
        #expect(
            verdicts.deviations(atMost: 9).map {
                "\($0.realServer.address) \($0.declared) \($0.effective) \($0.reason)"
            }
                == ["10.0.0.1 1 0 drained by hand", "10.0.0.2 2 0 weight by hand"])
    }

    @Test("By hand goes before checks, and brings nothing in that is down")
    func checked() {
        let farm = farm([4, 4, 4])
        var verdicts = watching(farm, HealthRules(checks: [check], onFailure: .weightZero))
        _ = verdicts.record(
            [
                (CheckSubject(check, of: endpoint(1)), CheckResult(.weight(2), reason: "", duration: .zero)),
                (CheckSubject(check, of: endpoint(2)), CheckResult(.down, reason: "HTTP 503", duration: .zero)),
            ], now: start)
        for number in UInt32(1)...2 {
            _ = verdicts.put(override(.weight(9), number), about: [farm], now: start)
        }
        _ = verdicts.put(override(.drain, 3), about: [farm], now: start)
        let effective = verdicts.effective(farm)
        #expect(weights(effective) == [9, 0])
        // Drained, though what is down keeps its place here.
        #expect(effective.withdrawn == [endpoint(3): .drain])
        #expect(
            verdicts.deviations(atMost: 9).map(\.reason.description)
                == ["weight by hand", "down: HTTP 503", "drained by hand"])
        #expect(verdicts.deviations(atMost: 2).count == 2)
    }

    @Test("A weight by hand goes before the 0 that a check asks for")
    func quieted() {
        let farm = farm([4])
        var verdicts = watching(farm, HealthRules(checks: [check], onFailure: .weightZero))
        _ = verdicts.record(
            [(CheckSubject(check, of: endpoint(1)), CheckResult(.weight(0), reason: "", duration: .zero))], now: start)
        #expect(weights(verdicts.effective(farm)) == [0])
        _ = verdicts.put(override(.weight(5), 1), about: [farm], now: start)
        #expect(weights(verdicts.effective(farm)) == [5])
    }

    @Test("What is drained by hand counts for no quorum: the backup serves")
    func quorum() {
        let farm = farm([1, 1, 1])
        var rules = HealthRules(checks: [check])
        rules.quorum = 2
        rules.backup = RealServer(endpoint(9))
        var verdicts = watching(farm, rules)
        let one = verdicts.put(override(.drain, 1), about: [farm], now: start)
        #expect(one.quorums.isEmpty)
        let two = verdicts.put(override(.drain, 2), about: [farm], now: start)
        #expect(two.quorums.map(\.isThere) == [false])
        #expect(verdicts.effective(farm).realServers.map(\.endpoint) == [endpoint(9)])
        let back = verdicts.endOverrides(coveredBy: [Override.Target(address(2))], author: author, now: start)
        #expect(back.quorums.map(\.isThere) == [true])
        #expect(verdicts.effective(farm).realServers.map(\.endpoint) == [endpoint(2), endpoint(3)])
    }

    @Test("The more particular one counts, and a later one ends those that it covers")
    func precedence() {
        let (farm, second) = (farm([1, 1]), farm([1, 1], other))
        var verdicts = Verdicts(now: start)
        _ = verdicts.put(override(.weight(5), 1), about: [farm, second], now: start)
        _ = verdicts.put(override(.weight(6), 1, port: 80), about: [farm, second], now: start)
        _ = verdicts.put(override(.weight(7), 1, in: key), about: [farm], now: start)
        #expect(weights(verdicts.effective(farm)) == [7, 1])
        #expect(weights(verdicts.effective(second)) == [6, 1])
        let change = verdicts.put(override(.drain, 1), about: [farm, second], now: start)
        #expect(change.endedOverrides.count == 3 && change.keys == [key, other])
        #expect(change.endedOverrides.allSatisfy { $0.cause == .replaced(author) })
        #expect(weights(verdicts.effective(farm)) == [1] && weights(verdicts.effective(second)) == [1])
    }

    @Test("It ends by the clock")
    func time() {
        let farm = farm([1, 1])
        var verdicts = Verdicts(now: start)
        _ = verdicts.put(override(.drain, 1, until: start + .seconds(60)), about: [farm], now: start)
        #expect(verdicts.nextChange == start + .seconds(60))
        let early = verdicts.endOverrides(now: start + .seconds(59))
        #expect(early.endedOverrides.isEmpty)
        let change = verdicts.endOverrides(now: start + .seconds(60))
        #expect(change.keys == [key] && change.endedOverrides.map(\.cause) == [.time])
        #expect(verdicts.effective(farm) == farm && verdicts.nextChange == nil && verdicts.isEmpty)
    }

    @Test("It goes with the last real server that it is about, and holds for those that come")
    func orphans() {
        var verdicts = Verdicts(now: start)
        _ = verdicts.put(override(.drain, 1), about: [farm([1, 1])], now: start)
        // Another virtual server comes to have it, and the first one loses it.
        verdicts.note(farm([1], other), other)
        #expect(weights(verdicts.effective(farm([1], other))) == [])
        verdicts.note(farm([]), key)
        let kept = verdicts.endOrphanedOverrides()
        #expect(kept.isEmpty)
        verdicts.note(nil, other)
        let ended = verdicts.endOrphanedOverrides()
        #expect(ended.map(\.cause) == [.gone] && verdicts.overrides.isEmpty)
        // Nothing to do: no virtual server is remembered.
        verdicts.note(farm([1]), key)
        #expect(Array(verdicts.overrides.touched).isEmpty)
    }

    @Test("A slow start does not hold up a weight by hand, and a reload keeps it")
    func reload() {
        let farm = farm([10, 10])
        var rules = HealthRules(checks: [check], onFailure: .weightZero)
        rules.slowStart = .seconds(100)
        var verdicts = watching(farm, rules)
        let subject = CheckSubject(check, of: endpoint(1))
        for outcome in [CheckResult.Outcome.down, .up] {
            _ = verdicts.record([(subject, CheckResult(outcome, reason: "", duration: .zero))], now: start)
        }
        #expect(weights(verdicts.effective(farm)) == [1, 10])
        #expect(verdicts.deviations(atMost: 9).map(\.reason) == [.slowStart])
        _ = verdicts.put(override(.weight(3), 1), about: [farm], now: start)
        #expect(weights(verdicts.effective(farm)) == [3, 10])
        let next = self.farm([10, 10, 10])
        verdicts.note(next, key)
        verdicts.watch(next, by: rules, now: start)
        #expect(weights(verdicts.effective(next)) == [3, 10, 1])
    }

    @Test("Names of targets")
    func names() {
        #expect("\(Override.Target(address(1)))" == "10.0.0.1")
        #expect("\(Override.Target(address(1), port: 80, in: key))" == "10.0.0.1:80 in tcp 192.0.2.1:80")
        #expect(Override.Target(address(1)).covers(Override.Target(address(1), port: 80, in: key)))
        #expect(!Override.Target(address(1), port: 80).covers(Override.Target(address(1))))
    }
}
