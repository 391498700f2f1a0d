package import Agent
package import Reconcile
package import ServiceTranslation

/// An agent as it is at one moment: everything that it answers questions with.
package struct AgentSnapshot: Sendable {
    /// What does not change while an agent runs.
    package struct Identity: Hashable, Sendable {
        package var version = ""
        package var node = ""
        /// The network namespace, as the ledger's file names it.
        package var namespace = ""
        package var processIdentifier: Int32 = 0
        package var started = WallTime.now

        package init() {}
    }

    package var identity = Identity()
    /// When its loop last came around.
    package var beat = ContinuousClock.now
    /// How often it verifies the table.
    package var verificationInterval = Duration.seconds(30)
    package var driftPolicy = DriftPolicy.repair
    package var sources: [SourceStatus] = []
    /// What is wrong with files that are not used.
    package var invalidFiles: [String] = []
    package var metrics = AgentMetrics()
    package private(set) var lastScope: AgentStep.Scope?
    package private(set) var lastDuration = Duration.zero
    /// When a sync last did what it should; `nil` before the first.
    package private(set) var lastSuccess: ContinuousClock.Instant?
    /// Why the last sync could not be carried out.
    package private(set) var problem: String?
    /// What the kernel refuses now.
    package var refused: [String] = []
    package private(set) var held: HeldRemovals?
    package var drains: [Drain] = []
    package var healthCheckPorts = HealthCheckPorts()
    /// Since when the table of virtual servers has been at one job; `nil` when it is idle.
    package var tableBusySince: ContinuousClock.Instant?
    /// The same for the node's network.
    package var networkBusySince: ContinuousClock.Instant?
    /// Addresses that were let go, for the API server is reached there and does not answer.
    package var released: [String] = []
    /// What could not be done as Services ask.
    package var warnings: Set<TranslationWarning> = []
    /// How many of these there are, those that are not shown one by one too.
    package var warningCounts = WarningCounts()
    package private(set) var changes = RecentChanges()
    package private(set) var drift = RecentChanges()

    package init() {}

    /// Takes note of a step.
    package mutating func take(_ step: AgentStep, at time: WallTime = .now) {
        metrics.take(step, at: time)
        guard !step.isOfNetwork else { return }
        lastScope = step.scope
        switch step.result {
        case .failure(let error): problem = error.description
        case .success(let report):
            problem = nil
            let names = report.plan.ledger
            let latest = report.changes.suffix(RecentChanges.limit)
            changes.add(latest.map { ChangeRecord($0, names: names) }, of: report.changes.count, at: time)
            let found = step.drift.suffix(RecentChanges.limit)
            drift.add(found.map { ChangeRecord($0.change, names: names) }, of: step.drift.count, at: time)
            lastDuration = report.timings.total
            lastSuccess = .now
            // A sync of some virtual servers says nothing of the others.
            if report.isWhole { held = report.plan.held }
        }
    }
}
