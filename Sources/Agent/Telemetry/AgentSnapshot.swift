package import Agent
package import Documents
package import LoadBalancing
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
    package var checks = CheckSnapshot()
    /// Kubernetes Events that the API server has taken, and those that nobody will hear of.
    package var eventsSent: UInt64 = 0
    package var eventsDropped: UInt64 = 0
    /// Whether load balancers may bring this node new connections.
    package var isNodeEligible = true
    /// How many virtual servers wait for each address that is not on this node.
    package var inactive: [IPAddress: Int] = [:]
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

    /// Takes note of what has happened beside the changes of the table.
    ///
    /// - Parameters:
    ///   - records: The latest.
    ///   - count: How many there were.
    package mutating func note(_ records: [ChangeRecord], of count: Int, at time: WallTime = .now) {
        changes.add(records, of: count, at: time)
    }

    /// Takes note of a step.
    package mutating func record(_ step: AgentStep, at time: WallTime = .now) {
        metrics.record(step, at: time)
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

/// The latest of a kind, each with its number and time.
package struct RecentChanges: Sendable {
    package struct Entry: Sendable {
        package let number: UInt64
        package let time: WallTime
        package let record: ChangeRecord
    }

    /// So many are kept.
    package static let limit = 500

    package private(set) var entries: [Entry] = []
    /// Of all that there ever were.
    package private(set) var total: UInt64 = 0

    /// - Parameters:
    ///   - records: The latest ones, at most ``limit`` of which are kept.
    ///   - count: How many there were, those that are not told of among them.
    mutating func add(_ records: [ChangeRecord], of count: Int, at time: WallTime) {
        total += UInt64(count)
        for (index, record) in records.enumerated().suffix(Self.limit) {
            entries.append(Entry(number: total - UInt64(records.count - 1 - index), time: time, record: record))
        }
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

    /// For programs, those after a number.
    package func document(after number: UInt64 = 0) -> Document {
        .sequence(entries.filter { $0.number > number }.map { $0.record.document(number: $0.number, time: $0.time) })
    }
}

/// How a source of what is wanted is doing.
package struct SourceStatus: Hashable, Sendable {
    /// `files`, or the collection of an API server: `services`.
    package var name: String
    /// Whether it has told all it has once.
    package var isComplete: Bool
    /// What is wrong with it now; what it told before stays in force.
    package var problem: String?
    /// Full readings.
    package var lists: Int
    package var watches: Int
    package var events: Int
    package var failures: Int
    /// When something was last heard of it.
    package var lastHeard: WallTime?
    /// Objects that could not be read, each with why.
    package var unreadable: [String]

    package init(
        name: String, isComplete: Bool = false, problem: String? = nil, lists: Int = 0, watches: Int = 0,
        events: Int = 0, failures: Int = 0, lastHeard: WallTime? = nil, unreadable: [String] = []
    ) {
        self.name = name
        self.isComplete = isComplete
        self.problem = problem
        self.lists = lists
        self.watches = watches
        self.events = events
        self.failures = failures
        self.lastHeard = lastHeard
        self.unreadable = unreadable
    }
}
