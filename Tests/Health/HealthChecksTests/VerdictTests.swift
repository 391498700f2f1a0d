import HealthChecks
import LoadBalancing
import Testing

@Suite struct VerdictTests {
    private let start = ContinuousClock.now

    private func states(
        _ outcomes: [CheckResult.Outcome], from verdict: Verdict, rise: Int = 1, fall: Int = 3
    ) -> [Verdict.State] {
        let check = ServerCheck(.tcp(nil), rise: rise, fall: fall)
        var verdict = verdict
        return outcomes.enumerated().map { index, outcome in
            _ = verdict.record(
                CheckResult(outcome, reason: "", duration: .zero), of: check, now: start + .seconds(index))
            return verdict.state
        }
    }

    @Test func fallsAfterSoManyFailuresInARow() {
        #expect(
            states([.down, .down, .up, .down, .down, .down], from: Verdict(.up, since: start))
                == [.up, .up, .up, .up, .up, .down])
    }

    @Test func risesAfterSoManySuccessesInARow() {
        #expect(
            states([.up, .down, .up, .up, .up], from: Verdict(.down, since: start), rise: 3)
                == [.down, .down, .down, .down, .up])
    }

    @Test func oneSuccessDecidesWhenNothingIsKnown() {
        #expect(states([.up], from: Verdict(since: start), rise: 5) == [.up])
        #expect(states([.down, .down, .down], from: Verdict(since: start)) == [.unknown, .unknown, .down])
    }

    @Test func anAttemptThatCouldNotBeMadeSaysNothing() {
        #expect(
            states([.down, .down, .unknown, .down], from: Verdict(.up, since: start)) == [.up, .up, .up, .down])
    }

    @Test func aWeightCountsAtOnce() {
        let check = ServerCheck(.file("/weight"))
        var verdict = Verdict(since: start)
        let weights: [UInt32] = [7, 7, .max]
        let changes = weights.map { weight in
            verdict.record(CheckResult(.weight(weight), reason: "\(weight)", duration: .zero), of: check, now: start)
        }
        #expect(changes == [true, false, true])
        #expect(verdict.weight == RealServer.maximumWeight)
        #expect(verdict.reason == "7")
    }

    @Test func onlyWhatWasDownHasRecovered() {
        let check = ServerCheck(.tcp(nil), rise: 1, fall: 1)
        var verdict = Verdict(since: start)
        let (up, down) = (
            CheckResult(.up, reason: "", duration: .zero), CheckResult(.down, reason: "", duration: .zero)
        )
        _ = verdict.record(up, of: check, now: start)
        #expect(!verdict.hasRecovered)
        _ = verdict.record(down, of: check, now: start)
        _ = verdict.record(up, of: check, now: start + .seconds(9))
        #expect(verdict.hasRecovered)
        #expect(verdict.since == start + .seconds(9))
    }
}
