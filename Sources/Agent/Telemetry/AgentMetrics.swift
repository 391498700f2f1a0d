package import Agent
internal import LoadBalancing
internal import Reconcile

/// What an agent counts over its life.
package struct AgentMetrics: Sendable {
    /// How a sync ended.
    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        case success
        /// The kernel refused some of it.
        case refused
        /// It could not be carried out.
        case failed
    }

    struct SyncLabels: Hashable {
        let scope: AgentStep.Scope
        let outcome: Outcome
    }

    struct OperationLabels: Hashable {
        let object: String
        let kind: Change.Kind
        let isRefused: Bool
    }

    /// The phases of a sync.
    static let phases: [(name: String, path: any KeyPath<SyncReport.Timings, Duration> & Sendable)] = [
        ("read", \.read), ("plan", \.plan), ("ledger", \.ledger), ("apply", \.apply), ("total", \.total),
    ]

    private(set) var syncs: [SyncLabels: UInt64] = [:]
    private(set) var operations: [OperationLabels: UInt64] = [:]
    private(set) var durations = [Histogram](repeating: Histogram(), count: phases.count)
    private(set) var verificationDurations = Histogram()
    /// Verifications that looked at every virtual server closely.
    private(set) var wholeVerifications: UInt64 = 0
    /// From the news to the kernel's answer.
    private(set) var delays = Histogram()
    private(set) var drift: [Drift.Kind: UInt64] = [:]
    private(set) var network = NetworkMetrics()
    private(set) var lastSync: WallTime?
    private(set) var lastSuccess: WallTime?
    private(set) var counts = TableCounts()
    /// What kube-proxy counts, of this agent.
    package var kubeProxy = KubeProxyMetrics()

    /// Turns of the loop, which does everything: while one lasts, nothing else is done.
    private(set) var turns = Histogram()
    private(set) var longestTurn = Duration.zero

    package init() {}

    /// Counts a turn of the loop in.
    package mutating func record(turn: Duration) {
        turns.observe(turn)
        longestTurn = max(longestTurn, turn)
    }

    /// Counts a step in.
    package mutating func record(_ step: AgentStep, at time: WallTime = .now) {
        if step.isOfNetwork, case .success(let report) = step.result {
            if let done = report.network { network.record(done, scope: step.scope) }
            return
        }
        lastSync = time
        for drift in step.drift { self.drift[drift.kind, default: 0] += 1 }
        guard case .success(let report) = step.result else {
            syncs[SyncLabels(scope: step.scope, outcome: .failed), default: 0] += 1
            return
        }
        let outcome: Outcome = report.isWithoutFailure ? .success : .refused
        syncs[SyncLabels(scope: step.scope, outcome: outcome), default: 0] += 1
        if outcome == .success { lastSuccess = time }
        count(report)
        kubeProxy.record(step, report, at: time)
        if let done = report.network { network.record(done, scope: step.scope) }
        if step.scope == .verification {
            verificationDurations.observe(report.timings.total)
            if report.isWhole { wholeVerifications += 1 }
        } else {
            for (index, phase) in Self.phases.enumerated() {
                durations[index].observe(report.timings[keyPath: phase.path])
            }
        }
        if let noted = step.noted, let effective = report.effective { delays.observe(noted.duration(to: effective)) }
    }

    private mutating func count(_ report: SyncReport) {
        for change in report.changes {
            operations[OperationLabels(object: change.object, kind: change.kind, isRefused: false), default: 0] += 1
        }
        for failure in report.failures {
            operations[OperationLabels(failure.cause.operation), default: 0] += 1
        }
        if let whole = report.counts { counts = whole } else { counts.add(report.changes) }
    }
}
