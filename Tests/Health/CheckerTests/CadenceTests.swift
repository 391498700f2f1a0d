import HealthChecks
import TestSupport
import Testing

@testable import Checker

/// When checks are due.
@Suite struct CadenceTests {
    private let start = ContinuousClock.now

    @Test func attemptsAreAnIntervalApartWhateverTheyTake() {
        var cadence = Cadence(ServerCheck(.ping, interval: .seconds(2)), now: start, jitter: 0.5)
        #expect(cadence.due == start + .seconds(1))
        cadence.finish(.up, now: start + .milliseconds(1_700))
        #expect(cadence.due == start + .seconds(3))
        // Of the three that it ran over, the last one begins at once, and the others stay where they were.
        cadence.finish(.down, now: start + .milliseconds(9_500))
        #expect(cadence.due == start + .milliseconds(9_500))
        cadence.finish(.up, now: start + .milliseconds(9_600))
        #expect(cadence.due == start + .seconds(11))
    }

    /// A timeout as long as the interval makes nobody later than `fall` intervals and one timeout.
    @Test func timeoutsAsLongAsTheIntervalDoNotAddUp() {
        let check = ServerCheck(.ping, interval: .seconds(1), timeout: .seconds(1), fall: 3)
        var cadence = Cadence(check, now: start, jitter: 0)
        for _ in 0..<check.fall { cadence.finish(.down, now: cadence.due + .milliseconds(1_001)) }
        #expect(cadence.due <= start + .milliseconds(3_010))
    }

    @Test func theFirstAttemptOfALongIntervalComesSoon() {
        let cadence = Cadence(ServerCheck(.ping, interval: .seconds(600)), now: start, jitter: 0.999)
        #expect(cadence.due < start + .seconds(10))
    }

    @Test func failuresThatDoNotCountYetAreLookedAtSooner() {
        let check = ServerCheck(.ping, interval: .seconds(60), retryDelay: .seconds(1), fall: 3)
        var cadence = Cadence(check, now: start, jitter: 0)
        cadence.finish(.down, now: start + .seconds(3))
        #expect(cadence.due == start + .seconds(4))
        cadence.finish(.down, now: start + .seconds(5))
        #expect(cadence.due == start + .seconds(6))
        cadence.finish(.down, now: start + .seconds(7))
        #expect(cadence.due == start + .seconds(66))
        cadence.finish(.up, now: start + .seconds(66))
        #expect(cadence.due == start + .seconds(126))
        // What is not known is no failure.
        cadence.finish(.unknown, now: start + .seconds(127))
        #expect(cadence.due == start + .seconds(186))
    }

    @Test func theScheduleGivesWhatIsDueInOrder() {
        var random = SeededGenerator(seed: 7)
        var schedule = Schedule<Int>()
        var times: [Int: ContinuousClock.Instant] = [:]
        for _ in 0..<20_000 {
            let number = Int.random(in: 0..<300, using: &random)
            if Bool.random(using: &random) || Bool.random(using: &random) {
                times[number] = start + .milliseconds(Int.random(in: 0..<1_000, using: &random))
                if let time = times[number] { schedule.set(number, time) }
            } else {
                times[number] = nil
                schedule.remove(number)
            }
            #expect(schedule.next() == times.values.min())
        }
        let now = start + .milliseconds(500)
        var last = start
        while let number = schedule.take(now: now) {
            let time = times.removeValue(forKey: number) ?? start
            #expect(time >= last && time <= now)
            last = time
        }
        #expect(times.values.allSatisfy { $0 > now })
    }
}
