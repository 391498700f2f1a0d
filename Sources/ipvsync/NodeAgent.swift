internal import Agent
internal import Configuration
internal import Glibc
internal import KubernetesAPI
internal import KubernetesObjects
internal import LoadBalancing
internal import Presentation
internal import Reconcile
internal import ServiceTranslation

/// The agent that stays: files and an API server on one side, the kernel on the other, one thread between them.
final class NodeAgent {
    private let options: RunCommand
    private let synchronizer: Synchronizer
    private let signals = Signals()
    private var state: AgentState
    private let watch: ClusterWatch?
    private var loop: AgentLoop
    private var generator = SystemRandomNumberGenerator()
    private let files: FileWatch
    private var reloadTime: ContinuousClock.Instant?
    private var lastProblems: [String: FeedProblem] = [:]
    private var unreadable: [String: [ObjectName: String]] = [:]
    private var complaints: Set<String> = []
    /// When the complaints are looked at again; `nil` while nothing changes.
    private var complaintTime: ContinuousClock.Instant?

    /// How long to wait at most, whatever is due.
    private static let longestWait = Duration.seconds(60)
    /// An editor, or a copy of several files, is given that long to finish.
    private static let reloadDelay = Duration.milliseconds(200)
    /// Complaints concern all Services: they are not looked at for every change.
    private static let complaintDelay = Duration.seconds(2)

    init(_ options: RunCommand, _ configuration: Configuration, _ synchronizer: Synchronizer) throws {
        self.options = options
        self.synchronizer = synchronizer
        let node = options.source.cluster.nodeName
        files = FileWatch(options.source.filePaths)
        watch = try options.source.cluster.access().map {
            ClusterWatch(
                $0, resources: APIResource.proxied(node: node, proxyName: configuration.settings.services?.proxyName))
        }
        state = AgentState(configuration, node: node)
        state.isComplete = watch == nil
        loop = AgentLoop(synchronizer, timing: options.timing(configuration.settings), now: .now)
    }

    /// Runs until a signal ends it; the kernel's tables stay as they are.
    func run() {
        while true {
            take(wait)
            if files.hasChanged() { reloadTime = .now + Self.reloadDelay }
            if let reloadTime, reloadTime <= .now { reload() }
            for signal in signals.pending() {
                if signal == .end { return }
                reload()
            }
            if let step = loop.step(state, now: .now, using: &generator) { report(step) }
            if let complaintTime, complaintTime <= .now { complain() }
        }
    }

    private var wait: Duration {
        let times = [state.isComplete ? loop.due : nil, reloadTime, complaintTime].compactMap(\.self)
        return max(.zero, times.map { $0 - .now }.min().map { min($0, Self.longestWait) } ?? Self.longestWait)
    }

    /// Waits for news of the API server, or a signal.
    private func take(_ wait: Duration) {
        guard let watch else {
            var descriptors = [signals.descriptor, files.descriptor].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            let milliseconds = wait / .milliseconds(1)
            _ = poll(&descriptors, nfds_t(descriptors.count), Int32(milliseconds.rounded(.up)))
            return
        }
        let events = watch.poll(timeout: wait, descriptors: [signals.descriptor, files.descriptor])
        if !events.isEmpty {
            loop.note(state.take(events), at: .now)
            complaintTime = complaintTime ?? .now + Self.complaintDelay
        }
        if watch.isComplete, !state.isComplete { state.isComplete = true }
        complain(of: watch)
    }

    /// Says what has gone wrong with the API server, once, and when it is well again.
    private func complain(of watch: ClusterWatch) {
        for (name, status) in watch.statuses where lastProblems[name] != status.problem {
            if let problem = status.problem {
                StandardStreams.complain("API server: \(problem); the tables stay, asking again")
            } else {
                StandardStreams.complain("API server: \(name): well again")
            }
            lastProblems[name] = status.problem
        }
        for (name, status) in watch.statuses where unreadable[name] ?? [:] != status.unreadable {
            for (object, problem) in status.unreadable.sorted(by: { $0.key < $1.key })
            where unreadable[name]?[object] != problem {
                StandardStreams.complain("API server: \(name): \(object): \(problem); what was known of it stays")
            }
            unreadable[name] = status.unreadable
        }
    }

    /// Says of the Services what has not been said.
    private func complain() {
        complaintTime = nil
        let current = state.complaints
        for text in current where !complaints.contains(text) { StandardStreams.complain(text) }
        complaints = Set(current)
    }

    /// Reads the files again; the last good ones stay when they are invalid.
    private func reload() {
        reloadTime = nil
        do {
            let configuration = try Failures.endWithStatus { try options.source.loadFiles() }
            state.use(configuration)
            synchronizer.policy = options.sync.policy(configuration.settings)
            loop.timing = options.timing(configuration.settings)
            loop.noteEverything(at: .now)
        } catch {
            StandardStreams.complain("the files are not used: what was declared before stays")
        }
    }

    private func report(_ step: AgentStep) {
        switch step.result {
        case .success(let report):
            if !report.changes.isEmpty || report.plan.held != nil {
                options.output.print(PlanView(report, names: report.plan.ledger, isPreview: false, showsChanges: true))
            }
            if let problem = report.ledgerProblem { StandardStreams.complain(problem.description) }
            for failure in report.failures { StandardStreams.complain(failure.description) }
        case .failure(let error): StandardStreams.complain(error.description)
        }
    }
}
