internal import Documents
package import HealthChecks
internal import LoadBalancing

/// The checks of real servers at one moment.
package struct CheckSnapshot: Sendable {
    /// As of the last change, or a second ago.
    package var verdicts: Verdicts?
    /// Why some checks are not made now.
    package var problem: String?
    package var metrics = CheckMetrics()
    package var hooks = HookFigures()

    package init() {}

    /// Checks beyond these are counted and not listed; those that are down come first.
    private static let listed = 1_000

    /// For programs.
    func document(now: ContinuousClock.Instant = .now, wall: WallTime = .now) -> Document {
        let counts = verdicts?.counts ?? [:]
        return [
            "up": .integer(Int64(counts[.up] ?? 0)), "down": .integer(Int64(counts[.down] ?? 0)),
            "unknown": .integer(Int64(counts[.unknown] ?? 0)),
            "problem": problem.map { .string($0) } ?? .null,
            "lostQuorums": .sequence((verdicts?.lostQuorums.sorted() ?? []).map { .string($0.description) }),
            "hooks": [
                "done": .unsigned(hooks.done), "failed": .unsigned(hooks.failed), "dropped": .unsigned(hooks.dropped),
            ],
            "list": .sequence(rows.map { $0.document(now: now, wall: wall) }),
        ]
    }

    /// The first ones, by what has to be looked at.
    private var rows: [CheckRow] {
        guard let verdicts else { return [] }
        var rows: [CheckRow] = []
        for state in [Verdict.State.down, .unknown, .up] where rows.count < Self.listed {
            let some = verdicts.all.lazy.filter { $0.verdict.state == state }.prefix(Self.listed - rows.count)
            rows += some.map { CheckRow($0.subject, $0.verdict) }.sorted { $0.order < $1.order }
        }
        return rows
    }
}

/// One check of one real server, as it is shown.
package struct CheckRow: Sendable {
    private let subject: CheckSubject
    private let verdict: Verdict

    init(_ subject: CheckSubject, _ verdict: Verdict) {
        self.subject = subject
        self.verdict = verdict
    }

    var order: (Endpoint, String) { (subject.realServer, subject.description) }

    /// When the next attempt begins, as far as the agent knows.
    private var next: ContinuousClock.Instant? {
        verdict.last.map { $0.time - $0.result.duration + subject.check.interval }
    }

    /// For programs.
    func document(now: ContinuousClock.Instant, wall: WallTime) -> Document {
        let last = verdict.last
        return [
            "realServer": .string(subject.realServer.description), "check": .string(subject.description),
            "state": .string(verdict.state.rawValue),
            "since": .string((wall - verdict.since.duration(to: now)).description),
            "reason": .string(last?.result.reason ?? verdict.reason),
            "weight": verdict.weight.map { .integer(Int64($0)) } ?? .null,
            "lastSeconds": last.map { .number($0.result.duration / .seconds(1)) } ?? .null,
            "nextSeconds": next.map { .number(max(0, now.duration(to: $0) / .seconds(1))) } ?? .null,
        ]
    }
}

/// What an agent counts of checks.
package struct CheckMetrics: Sendable {
    private var transitions: [Verdict.State: UInt64] = [:]
    private var attempts: [Outcome: UInt64] = [:]
    private var durations = Histogram()
    private var quorumsLost: UInt64 = 0
    private var lateness = Duration.zero

    private enum Outcome: String, CaseIterable {
        case up
        case down
        case unknown
    }

    package init() {}

    /// - Parameter lateness: How late an attempt lately began.
    package mutating func take(_ change: VerdictChange, _ results: [CheckResult], lateness: Duration?) {
        for transition in change.transitions { transitions[transition.new, default: 0] += 1 }
        quorumsLost += UInt64(change.quorums.count { !$0.isThere })
        for result in results {
            let outcome: Outcome =
                switch result.outcome {
                case .up, .weight: .up
                case .down: .down
                case .unknown: .unknown
                }
            attempts[outcome, default: 0] += 1
            durations.observe(result.duration)
        }
        self.lateness = lateness ?? self.lateness
    }

    /// Writes nothing of single real servers above the limit.
    func write(to text: inout Exposition, _ verdicts: Verdicts?, limit: Int) {
        text.begin("ipvsync_checks", .gauge, "Checks of real servers by state.")
        for state in Verdict.State.allCases {
            text.sample("ipvsync_checks", [("state", state.rawValue)], verdicts?.counts[state] ?? 0)
        }
        text.begin("ipvsync_check_transitions_total", .counter, "Checks that came to a state.")
        for state in [Verdict.State.up, .down] {
            text.sample("ipvsync_check_transitions_total", [("state", state.rawValue)], transitions[state] ?? 0)
        }
        text.begin("ipvsync_check_attempts_total", .counter, "Attempts by how they went; unknown could not be made.")
        for outcome in Outcome.allCases {
            text.sample("ipvsync_check_attempts_total", [("outcome", outcome.rawValue)], attempts[outcome] ?? 0)
        }
        text.begin("ipvsync_check_duration_seconds", .histogram, "How long attempts took.")
        text.histogram("ipvsync_check_duration_seconds", [], durations)
        text.single(
            "ipvsync_check_lateness_seconds", .gauge, "How late an attempt lately began at most.",
            lateness / .seconds(1))
        text.single(
            "ipvsync_virtual_servers_without_quorum", .gauge, "Virtual servers whose quorum is lost.",
            verdicts?.lostQuorums.count ?? 0)
        text.single("ipvsync_quorums_lost_total", .counter, "Quorums that were lost.", quorumsLost)
        guard let verdicts, verdicts.count <= limit else { return }
        text.begin("ipvsync_check_up", .gauge, "Whether the real server is up by the check; up to the traffic limit.")
        for (subject, verdict) in verdicts.all where verdict.state != .unknown {
            text.sample(
                "ipvsync_check_up",
                [("real_server", subject.realServer.description), ("check", subject.description)],
                verdict.state == .up ? 1 : 0)
        }
    }
}

extension HookFigures {
    func write(to text: inout Exposition) {
        text.begin("ipvsync_hooks_total", .counter, "Events with a program, by what became of it.")
        for (result, count) in [("done", done), ("failed", failed), ("dropped", dropped)] {
            text.sample("ipvsync_hooks_total", [("result", result)], count)
        }
    }
}
