import HealthChecks
import LoadBalancing
import Testing

@Suite struct VerdictsTests {
    private let start = ContinuousClock.now
    private let check = ServerCheck(.tcp(nil), rise: 1, fall: 1)
    private let key = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80))

    private func endpoint(_ number: UInt32) -> Endpoint { Endpoint(IPAddress(v4: 0x0A00_0000 + number), port: 80) }

    private func farm(_ weights: [UInt32], key: VirtualServerKey? = nil) -> DesiredVirtualServer {
        DesiredVirtualServer(
            VirtualServer(key ?? self.key),
            realServers: weights.enumerated().map { RealServer(endpoint(UInt32($0.offset + 1)), weight: $0.element) })
    }

    private func result(_ number: UInt32, _ outcome: CheckResult.Outcome) -> (CheckSubject, CheckResult) {
        (CheckSubject(check, of: endpoint(number)), CheckResult(outcome, reason: "test", duration: .milliseconds(1)))
    }

    private func watching(_ farm: DesiredVirtualServer, _ rules: HealthRules) -> Verdicts {
        var verdicts = Verdicts(now: start)
        verdicts.watch(farm, by: rules, now: start)
        return verdicts
    }

    private func weights(_ server: DesiredVirtualServer) -> [Endpoint: UInt32] {
        Dictionary(uniqueKeysWithValues: server.realServers.map { ($0.endpoint, $0.weight) })
    }

    @Test(arguments: HealthRules.FailureAction.allCases)
    func whatIsDownIsTreatedAsDeclared(_ action: HealthRules.FailureAction) {
        let farm = farm([1, 2])
        var verdicts = watching(farm, HealthRules(checks: [check], onFailure: action))
        #expect(verdicts.effective(farm).realServers == farm.realServers)
        let change = verdicts.record([result(2, .down)], now: start)
        #expect(change.keys == [key])
        #expect(change.transitions.map(\.new) == [.down])
        let effective = verdicts.effective(farm)
        switch action {
        case .weightZero:
            #expect(weights(effective) == [endpoint(1): 1, endpoint(2): 0])
            #expect(effective.withdrawn == [:])
        case .drain:
            #expect(weights(effective) == [endpoint(1): 1])
            #expect(effective.withdrawn == [endpoint(2): .drain])
        case .remove: #expect(effective.withdrawn == [endpoint(2): .immediately])
        }
        _ = verdicts.record([result(2, .up)], now: start)
        #expect(verdicts.effective(farm) == farm)
    }

    @Test func allChecksOfARealServerHaveToBeUp() {
        let farm = farm([1])
        let second = ServerCheck(.ping, rise: 1, fall: 1)
        var verdicts = watching(farm, HealthRules(checks: [check, second], onFailure: .weightZero))
        let other = CheckSubject(second, of: endpoint(1))
        _ = verdicts.record(
            [result(1, .up), (other, CheckResult(.down, reason: "", duration: .zero))], now: start)
        #expect(weights(verdicts.effective(farm)) == [endpoint(1): 0])
        _ = verdicts.record([(other, CheckResult(.up, reason: "", duration: .zero))], now: start)
        #expect(weights(verdicts.effective(farm)) == [endpoint(1): 1])
    }

    @Test func ownChecksStandInThePlaceOfTheOthers() {
        let farm = farm([1, 1])
        var rules = HealthRules(checks: [check])
        rules.own[endpoint(2)] = []
        var verdicts = watching(farm, rules)
        let outcome1 = verdicts.takeSubjects()
        #expect(outcome1 == [CheckSubject(check, of: endpoint(1))])
        let outcome2 = verdicts.takeSubjects()
        #expect(outcome2 == nil)
    }

    @Test func aWeightOfACheckStandsInThePlaceOfTheDeclaredOne() {
        let farm = farm([4, 0])
        var verdicts = watching(farm, HealthRules(checks: [check]))
        _ = verdicts.record([result(1, .weight(9)), result(2, .weight(9))], now: start)
        #expect(weights(verdicts.effective(farm)) == [endpoint(1): 9, endpoint(2): 0])
    }

    /// Whoever is told of a quorum that is lost is told of its return, whatever brought it.
    @Test func aDeclarationLosesAQuorumAndBringsItBack() {
        var rules = HealthRules(checks: [check])
        rules.quorum = 2
        var verdicts = watching(farm([1, 1, 1]), rules)
        #expect(verdicts.record([], now: start).quorums.isEmpty)
        for (weights, isThere) in [([1], false), ([1, 1], true)] as [([UInt32], Bool)] {
            verdicts.watch(farm(weights), by: rules, now: start)
            #expect(verdicts.record([], now: start).quorums.map(\.isThere) == [isThere])
            #expect(verdicts.record([], now: start).quorums.isEmpty)
        }
    }

    @Test func theQuorumIsLostBelowAndThereAboveItsHysteresis() {
        let farm = farm([1, 1, 1, 1, 1])
        var rules = HealthRules(checks: [check], onFailure: .weightZero)
        rules.quorum = 3
        rules.hysteresis = 1
        rules.backup = RealServer(endpoint(99))
        var verdicts = watching(farm, rules)
        // Two are enough while it is there: 3 - 1.
        let outcome3 = verdicts.record((1...3).map { result($0, .down) }, now: start)
        #expect(outcome3.quorums.isEmpty)
        let outcome4 = verdicts.record([result(4, .down)], now: start)
        #expect(outcome4.quorums.map(\.isThere) == [false])
        let effective = verdicts.effective(farm)
        #expect(effective.realServers.last == RealServer(endpoint(99)))
        #expect(effective.realServers.dropLast().allSatisfy { $0.weight == 0 })
        // Four are needed to have it again: 3 + 1.
        let outcome5 = verdicts.record([result(1, .up), result(2, .up)], now: start)
        #expect(outcome5.quorums.isEmpty)
        let outcome6 = verdicts.record([result(3, .up)], now: start)
        #expect(outcome6.quorums.map(\.isThere) == [true])
        #expect(verdicts.effective(farm).withdrawn == [endpoint(99): .drain])
    }

    @Test func withoutABackupTheRestGoesOn() {
        let farm = farm([1, 1])
        var rules = HealthRules(checks: [check], onFailure: .weightZero)
        rules.quorum = 2
        var verdicts = watching(farm, rules)
        let outcome7 = verdicts.record([result(1, .down)], now: start)
        #expect(outcome7.quorums.count == 1)
        #expect(weights(verdicts.effective(farm)) == [endpoint(1): 0, endpoint(2): 1])
    }

    @Test func tooFewUpIsAPanic() {
        let farm = farm([1, 1, 1, 1])
        var rules = HealthRules(checks: [check])
        rules.panicThreshold = 50
        var verdicts = watching(farm, rules)
        _ = verdicts.record([result(1, .down), result(2, .down)], now: start)
        #expect(verdicts.effective(farm).realServers.count == 2)
        _ = verdicts.record([result(3, .down)], now: start)
        #expect(verdicts.effective(farm) == farm)
    }

    @Test func whatStartsDownWaitsForItsCheck() {
        let farm = farm([1])
        var rules = HealthRules(checks: [check], onFailure: .weightZero)
        rules.startsDown = true
        var verdicts = watching(farm, rules)
        #expect(weights(verdicts.effective(farm)) == [endpoint(1): 0])
        _ = verdicts.record([result(1, .up)], now: start)
        #expect(verdicts.effective(farm) == farm)
    }

    @Test func aSlowStartGrowsInSteps() throws {
        let farm = farm([100, 100])
        var rules = HealthRules(checks: [check])
        rules.slowStart = .seconds(100)
        var verdicts = watching(farm, rules)
        _ = verdicts.record([result(1, .down), result(2, .up)], now: start)
        #expect(verdicts.nextChange == nil)
        _ = verdicts.record([result(1, .up)], now: start)
        var seen: [UInt32] = []
        while let time = verdicts.nextChange, seen.count < 20 {
            #expect(weights(verdicts.effective(farm))[endpoint(2)] == 100)
            seen.append(try #require(weights(verdicts.effective(farm))[endpoint(1)]))
            let outcome8 = verdicts.advance(to: time)
            #expect(outcome8 == [key])
        }
        #expect(seen == [1, 10, 20, 30, 40, 50, 60, 70, 80, 90])
        #expect(verdicts.effective(farm) == farm)
    }

    @Test func aNewRealServerStartsSlowly() {
        var rules = HealthRules(checks: [check])
        rules.slowStart = .seconds(100)
        var verdicts = watching(farm([100]), rules)
        #expect(verdicts.nextChange == nil)
        verdicts.watch(farm([100, 100]), by: rules, now: start)
        #expect(weights(verdicts.effective(farm([100, 100]))) == [endpoint(1): 100, endpoint(2): 1])
        #expect(verdicts.nextChange == start + .seconds(10))
    }

    @Test func oneCheckServesAllVirtualServers() {
        let other = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0202), port: 80))
        let third = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0203), port: 80))
        var verdicts = watching(farm([1]), HealthRules(checks: [check]))
        verdicts.watch(farm([1], key: other), by: HealthRules(checks: [check]), now: start)
        verdicts.watch(farm([1], key: third), by: HealthRules(checks: [ServerCheck(.ping)]), now: start)
        #expect(verdicts.count == 2)
        let outcome9 = verdicts.record([result(1, .down)], now: start)
        #expect(outcome9.keys == [key, other])
        verdicts.forget(key)
        let outcome10 = verdicts.record([result(1, .up)], now: start)
        #expect(outcome10.keys == [other])
        verdicts.forget(allBut: [third])
        #expect(verdicts.count == 1)
        let outcome11 = verdicts.record([result(1, .down)], now: start)
        #expect(outcome11.keys == [])
    }

    @Test func anotherCheckStartsFromTheVerdictBefore() {
        let farm = farm([1, 1])
        var verdicts = watching(farm, HealthRules(checks: [check]))
        _ = verdicts.record([result(1, .down), result(2, .up)], now: start)
        verdicts.watch(farm, by: HealthRules(checks: [ServerCheck(.ping)]), now: start)
        #expect(verdicts.effective(farm).withdrawn == [endpoint(1): .drain])
    }

    @Test func whatAnEarlierProcessKnewHoldsUntilAnAnswer() {
        let farm = farm([1])
        let since = start - .seconds(60)
        var rules = HealthRules(checks: [check], onFailure: .weightZero)
        rules.backup = RealServer(endpoint(99))
        var verdicts = Verdicts(
            now: start,
            recalling: Recollection(lostQuorums: [key]) { _ in Verdict(.down, since: since, reason: "HTTP 503") })
        verdicts.watch(farm, by: rules, now: start)
        #expect(verdicts.lostQuorums == [key])
        #expect(verdicts.verdict(of: CheckSubject(check, of: endpoint(1)))?.since == since)
        #expect(weights(verdicts.effective(farm)) == [endpoint(1): 0, endpoint(99): 1])
        #expect(verdicts.counts[.down] == 1)
        _ = verdicts.record([result(1, .up)], now: start)
        #expect(weights(verdicts.effective(farm)) == [endpoint(1): 1])
    }

    @Test func theEndTakesRealServersOutWhereItIsAskedFor() {
        let other = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0202), port: 80))
        var rules = HealthRules(checks: [check])
        var verdicts = watching(farm([1], key: other), rules)
        rules.drainsAtEnd = true
        verdicts.watch(farm([1, 1]), by: rules, now: start)
        #expect(verdicts.drainedAtEnd.map(\.key) == [key])
        #expect(verdicts.drainedAtEnd.first?.realServers == [])
        #expect(verdicts.drainedAtEnd.first?.withdrawn == [endpoint(1): .drain, endpoint(2): .drain])
    }
}
