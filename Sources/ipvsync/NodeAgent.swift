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
    private let source: SourceOptions
    private let output: OutputOptions
    private let signals = Signals()
    private var state: AgentState
    private let watch: ClusterWatch?
    private var loop: AgentLoop
    private var generator = SystemRandomNumberGenerator()
    private var lastProblems: [String: FeedProblem] = [:]

    /// How long to wait at most, whatever is due.
    private static let longestWait = Duration.seconds(60)

    init(
        _ source: SourceOptions, _ output: OutputOptions, configuration: Configuration, synchronizer: Synchronizer,
        timing: AgentLoop.Timing
    ) throws {
        self.source = source
        self.output = output
        let node = source.cluster.nodeName
        watch = try source.cluster.access().map {
            ClusterWatch(
                $0, resources: APIResource.proxied(node: node, proxyName: configuration.settings.services?.proxyName))
        }
        state = AgentState(configuration, node: node)
        state.isComplete = watch == nil
        loop = AgentLoop(synchronizer, timing: timing, now: .now)
    }

    /// Runs until a signal ends it; the kernel's tables stay as they are.
    func run() {
        while true {
            let wait = state.isComplete ? max(.zero, min(Self.longestWait, loop.due - .now)) : Self.longestWait
            take(wait)
            for signal in signals.pending() {
                if signal == .end { return }
                reload()
            }
            if let outcome = loop.step(state, now: .now, using: &generator) { report(outcome) }
        }
    }

    /// Waits for news of the API server, or a signal.
    private func take(_ wait: Duration) {
        guard let watch else {
            var descriptor = pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = wait / .milliseconds(1)
            _ = poll(&descriptor, 1, Int32(milliseconds.rounded(.up)))
            return
        }
        let events = watch.poll(timeout: wait, descriptors: [signals.descriptor])
        if !events.isEmpty { loop.note(state.take(events)) }
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
    }

    /// Reads the files again; the last good ones stay when they are invalid.
    private func reload() {
        do {
            try Failures.endWithStatus { state.use(try source.loadFiles()) }
            loop.noteEverything()
        } catch {
            StandardStreams.complain("the files are not used: what was declared before stays")
        }
    }

    private func report(_ outcome: AgentLoop.Outcome) {
        switch outcome {
        case .synchronized(let report):
            if !report.changes.isEmpty || report.plan.held != nil {
                output.print(PlanView(report, names: report.plan.ledger, isPreview: false, showsChanges: true))
            }
            if let problem = report.ledgerProblem { StandardStreams.complain(problem.description) }
            for failure in report.failures { StandardStreams.complain(failure.description) }
        case .failed(.kernel(let error)): StandardStreams.complain(ErrorText.describe(error))
        case .failed(.state(let error)): StandardStreams.complain(error.description)
        }
    }
}
