internal import Agent
internal import HTTPService
internal import HealthChecks
internal import KubernetesAPI
internal import KubernetesObjects
internal import LoadBalancing
internal import Logging
internal import Reconcile
internal import ServiceTranslation
internal import Telemetry

/// Tells what an agent does: in the log, on the board, and to the service manager.
struct AgentReporter {
    /// Lines for single changes of one sync; the rest is told of in one.
    private static let changeLines = 500

    let board = StatusBoard()
    let log: Logger
    private let manager: ServiceManager
    private var isReady = false
    private var refused: [String] = []
    private var networkFailures: [String] = []
    /// What was found changed beside IPVS and is left so.
    private var networkDrift: [String] = []
    private var failure: String?
    private var problems: [String: FeedProblem] = [:]
    private var unreadable: [String: [ObjectName: String]] = [:]
    private var hasReleased = false
    private var isLedgerLate = false
    /// Why some checks of real servers are not made.
    var checkerProblem: String?
    /// How many virtual servers wait for each address that is not here.
    private var inactive: [IPAddress: Int] = [:]
    /// As they were shown last.
    var hookFigures = HookFigures()
    /// The warnings on Services in files that have been logged and still stand.
    private var told: Set<TranslationWarning> = []
    private var recurringDrift = RecurringDrift()
    /// Whether load balancers were told that they may bring new connections.
    var isEligible = true
    /// How many changes of objects have come, and whether the kernel has them all.
    var changeCounts = ChangeCounts()
    var isSettled = true

    init(log: Logger, manager: ServiceManager) {
        self.log = log
        self.manager = manager
    }

    /// How often the loop has to come around at least.
    var longestWait: Duration { min(.seconds(10), manager.watchdogInterval ?? .seconds(10)) }

    /// Says that the loop has come around.
    ///
    /// The service manager is not told so while the table hangs: then it starts the agent again.
    func beat(_ reconciler: Reconciler, now: ContinuousClock.Instant) {
        let (table, network) = reconciler.busySince
        board.update { snapshot in
            snapshot.beat = now
            (snapshot.tableBusySince, snapshot.networkBusySince) = (table, network)
        }
        guard manager.isListening, table.map({ $0.duration(to: now) < Health.longestJob }) ?? true else { return }
        manager.notify(isReady ? ["WATCHDOG=1"] : ["EXTEND_TIMEOUT_USEC=60000000", "WATCHDOG=1"])
    }

    /// Takes note of how long a turn of the loop took.
    func note(turn: Duration) { board.update { $0.metrics.record(turn: turn) } }

    /// Tells of a step: one line for each change, and of failures only when they are new.
    mutating func report(_ step: AgentStep, refused changes: [String], drains: [Drain]) {
        switch step.result {
        case .failure(let error):
            if failure != error.description {
                log.error("sync failed: the tables stay as they are", metadata: ["detail": "\(error)"])
            }
            failure = error.description
        case .success(let report):
            if !step.isOfNetwork { tell(step, report) }
            if let network = report.network {
                tell(network, isDrift: step.scope == .verification)
                if !network.leavesFailures { networkFailures = network.failures.map(\.description) }
            }
        }
        let now = changes + networkFailures
        if now != refused {
            let told = Set(refused)
            for text in now where !told.contains(text) {
                log.error("change refused", metadata: ["detail": "\(text)"])
            }
        }
        refused = now
        board.update { snapshot in
            snapshot.record(step)
            snapshot.refused = now
            snapshot.drains = drains
        }
        becomeReady(step)
    }

    private mutating func tell(_ drift: [Drift], _ names: Ledger) {
        for drift in drift.prefix(Self.changeLines) {
            let record = ChangeRecord(drift.change, names: names)
            log.warning("drift found", metadata: record.metadata(["kind": "\(drift.kind.rawValue)"]))
        }
        let recurring = recurringDrift.record(drift, at: .now)
        guard let first = recurring.first else { return }
        let others = recurring.count > 1 ? " and \(recurring.count - 1) more" : ""
        let neighbours = ProxyProcesses().neighbours().map(\.description)
        let programs = neighbours.isEmpty ? "none that can be seen" : neighbours.joined(separator: ", ")
        let detail =
            "\(first)\(others) changed \(RecurringDrift.limit) times or more in "
            + "\(Int(RecurringDrift.window / .seconds(60))) minutes; declare each virtual server in one program"
        log.warning(
            "drift comes back: another program works on the same virtual servers",
            metadata: ["detail": "\(detail)", "programs": "\(programs)"])
    }

    private mutating func tell(_ step: AgentStep, _ report: SyncReport) {
        if failure != nil { log.info("sync works again") }
        failure = nil
        tell(isLedgerLate: report.isLedgerLate)
        board.takeOwned(report)
        tell(step.drift, report.plan.ledger)
        tell(report, step.scope)
    }

    private mutating func tell(isLedgerLate isLate: Bool) {
        guard isLate != isLedgerLate else { return }
        isLedgerLate = isLate
        guard isLate else { return log.info("the ledger is written again") }
        log.error(
            "the ledger cannot be written in time: changes are made all the same",
            metadata: ["detail": "virtual servers that are new would count as foreign if this process were killed now"])
    }

    /// Says at the start which other programs may work on the same table.
    func warnOfNeighbours() {
        for neighbour in ProxyProcesses().neighbours() {
            log.warning(
                "another program may work on the same table",
                metadata: ["detail": "\(neighbour): declare each virtual server in one of the two"])
        }
    }

    /// Tells of what was done beside IPVS; of what is only found, once.
    private mutating func tell(_ report: DataPathReport, isDrift: Bool) {
        let message: Logger.Message = isDrift ? "network drift found" : "network changed"
        let lines = report.plan.summaryLines
        for line in lines where !report.isPreview || !networkDrift.contains(line) {
            log.log(level: isDrift ? .warning : .info, message, metadata: ["detail": "\(line)"])
        }
        networkDrift = report.isPreview ? lines : []
        if report.staleEntries > 0 {
            log.info("tracked connections dropped", metadata: ["count": "\(report.staleEntries)"])
        }
    }

    private func tell(_ report: SyncReport, _ scope: AgentStep.Scope) {
        if let problem = report.ledgerProblem {
            log.warning("the ledger is not used", metadata: ["detail": "\(problem)"])
        }
        for change in report.changes.prefix(Self.changeLines) {
            let record = ChangeRecord(change, names: report.plan.ledger)
            log.info("\(record.message)", metadata: record.metadata())
        }
        if report.changes.count > Self.changeLines {
            log.info("more changes made", metadata: ["count": "\(report.changes.count - Self.changeLines)"])
        }
        if let held = report.plan.held, report.isWhole {
            log.warning(
                "removals held back: so many look like a mistake",
                metadata: ["virtualServers": "\(held.virtualServers)", "realServers": "\(held.realServers)"])
        }
        log.debug(
            "synchronized",
            metadata: [
                "scope": "\(scope.rawValue)", "changes": "\(report.changes.count)",
                "operations": "\(report.operations)",
                "seconds": "\(report.timings.total / .seconds(1))", "whole": "\(report.isWhole)",
            ])
    }

    private mutating func becomeReady(_ step: AgentStep) {
        guard !step.isOfNetwork, case .success(let report) = step.result else { return }
        let counts = report.counts?.ours
        if !isReady {
            isReady = true
            log.info("ready", metadata: ["virtualServers": "\(counts?.virtualServers ?? 0)"])
            manager.notify(["READY=1"])
        }
        if let counts {
            manager.notify([
                "STATUS=\(counts.virtualServers) virtual servers, \(counts.realServers) real servers, "
                    + "\(refused.count) changes refused"
            ])
        }
    }

    func stopping() { manager.notify(["STOPPING=1"]) }
}

// MARK: - Sources

extension AgentReporter {
    /// Says of an API server what has gone wrong, once, and when it is well again.
    mutating func report(_ watch: ClusterWatch, files: SourceStatus?, now: ContinuousClock.Instant) {
        let time = WallTime.now
        var sources = files.map { [$0] } ?? []
        for (name, status) in watch.statuses {
            if problems[name] != status.problem {
                if let problem = status.problem {
                    log.warning("API server: the tables stay, asking again", metadata: ["detail": "\(problem)"])
                } else {
                    log.info("API server: well again", metadata: ["source": "\(name)"])
                }
                problems[name] = status.problem
            }
            report(name, status.unreadable)
            sources.append(SourceStatus(name, status) { time - $0.duration(to: now) })
        }
        board.update { $0.sources = sources }
    }

    private mutating func report(_ name: String, _ objects: [ObjectName: String]) {
        guard unreadable[name] ?? [:] != objects else { return }
        for (object, problem) in objects.sorted(by: { $0.key < $1.key }) where unreadable[name]?[object] != problem {
            log.warning(
                "API server: an object cannot be read; what was known of it stays",
                metadata: ["source": "\(name)", "object": "\(object)", "detail": "\(problem)"])
        }
        unreadable[name] = objects
    }

    /// Tells of virtual servers that wait for an address, and of those that do not wait any more.
    mutating func report(inactive now: [IPAddress: Int]) {
        guard now != inactive else { return }
        for (address, count) in now.sorted(by: { $0.key < $1.key }) where inactive[address] == nil {
            log.info(
                "virtual servers wait for an address",
                metadata: ["address": "\(address)", "virtualServers": "\(count)"])
        }
        for (address, count) in inactive.sorted(by: { $0.key < $1.key }) where now[address] == nil {
            log.info(
                "virtual servers do not wait for an address any more",
                metadata: ["address": "\(address)", "virtualServers": "\(count)"])
        }
        inactive = now
        board.update { $0.inactive = now }
    }

    /// Tells of what was let go of because the API server is reached there. It degrades health until that answers.
    mutating func report(_ release: Release) {
        guard !release.isEmpty else { return }
        hasReleased = true
        let gone =
            release.addresses.sorted().map(\.description) + release.networks.sorted().map(\.description)
            + release.virtualServers.sorted().map { "virtual server \($0)" }
        if !gone.isEmpty {
            let text = "let go, for the API server is reached there: \(gone.joined(separator: ", "))"
            log.error("an address of ours stood between this node and its API server", metadata: ["detail": "\(text)"])
            board.update { $0.released = [text] }
        }
        for failure in release.failures {
            log.error("the API server's address is not free", metadata: ["detail": "\(failure)"])
        }
        if !release.failures.isEmpty { board.update { $0.released = release.failures } }
    }

    /// The API server answers.
    mutating func forgetRelease() {
        guard hasReleased else { return }
        hasReleased = false
        board.update { $0.released = [] }
    }

    /// Tells of the warnings on Services that are new.
    ///
    /// - Parameter counts: Of all that stand, in files too.
    mutating func warn(_ change: WarningChange, files: [TranslationWarning], _ counts: WarningCounts) {
        let declared = Set(files)
        let gone = told.subtracting(declared)
        let new = files.filter { told.insert($0).inserted }
        for warning in new + change.added {
            log.warning(
                "not as declared", metadata: ["detail": "\(warning)", "reason": "\(warning.reason.rawValue)"])
        }
        told = declared
        board.update { snapshot in
            snapshot.warnings.subtract(gone)
            snapshot.warnings.subtract(change.removed)
            snapshot.warnings.formUnion(declared)
            snapshot.warnings.formUnion(change.added)
            snapshot.warningCounts = counts
        }
    }
}

extension SourceStatus {
    fileprivate init(_ name: String, _ status: FeedStatus, _ time: (ContinuousClock.Instant) -> WallTime) {
        self.init(
            name: name, isComplete: status.isComplete, problem: status.problem?.message, lists: status.lists,
            watches: status.watches, events: status.events, failures: status.failures,
            lastHeard: status.lastHeard.map(time),
            unreadable: status.unreadable.map { "\($0): \($1)" }.sorted())
    }
}

extension ChangeRecord {
    fileprivate func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        fields.reduce(into: more) { $0[$1.name] = "\($1.value)" }
    }
}
