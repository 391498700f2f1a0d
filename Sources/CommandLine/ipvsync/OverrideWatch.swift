internal import Agent
internal import HealthChecks
internal import Logging

/// The agent's side of overrides by hand: it follows orders, and keeps what they say over restarts.
final class OverrideWatch {
    /// Takes the orders.
    let desk = OverrideDesk()

    /// What is to be written, and whom it is to be told.
    private struct Writing: Sendable {
        let overrides: Overrides
        let waiting: [(OverrideTicket, OverrideOutcome)]
    }

    private let log: Logger
    private let writer: Worker<Writing, (Writing, StateError?)>
    private let written = Inbox<(Writing, StateError?)>()
    private let store: OverrideStore
    private var problem: StateError?
    private var isUnsaved = false
    /// When what could not be kept is tried again.
    private var retryTime: ContinuousClock.Instant?
    private static let patience = Duration.seconds(5)

    /// When there is something to do at the latest; `nil` for never.
    var wakeUp: ContinuousClock.Instant? { retryTime }

    init(_ store: OverrideStore, log: Logger) {
        self.store = store
        self.log = log
        writer = Worker(
            { writing in
                do throws(StateError) {
                    try store.save(writing.overrides)
                    return (writing, nil)
                } catch {
                    return (writing, error)
                }
            }, done: written.put)
    }

    /// What was said to an earlier agent.
    func recall() -> Overrides {
        let (overrides, problem) = store.load()
        if let problem { log.error("overrides by hand are lost", metadata: ["detail": "\(problem)"]) }
        if !overrides.isEmpty { log.info("overrides by hand hold on", metadata: ["count": "\(overrides.count)"]) }
        return overrides
    }

    /// Can be read when there is something to do.
    var descriptors: [Int32] { [desk.descriptor, written.descriptor] }

    /// Follows the orders that wait, and keeps what stands.
    ///
    /// - Parameter hasEnded: Whether overrides have ended by themselves.
    /// - Returns: What has changed.
    func turn(
        _ state: inout AgentState, _ reporter: inout AgentReporter, hasEnded: Bool, now: ContinuousClock.Instant = .now
    ) -> VerdictChange {
        takeWritten()
        var change = VerdictChange()
        var waiting: [(OverrideTicket, OverrideOutcome)] = []
        for ticket in desk.take() {
            do throws(OverrideRefusal) {
                let outcome = try state.follow(ticket.order, by: ticket.author, now: now)
                reporter.report(outcome, now: now)
                change.add(outcome.change)
                ticket.note(outcome)
                waiting.append((ticket, outcome))
            } catch {
                reporter.report(error, of: ticket)
                ticket.answer(.refused(error))
            }
        }
        guard !waiting.isEmpty || hasEnded else {
            if let retryTime, retryTime <= now { write(state.verdicts, waiting) }
            return change
        }
        reporter.publish(state.verdicts)
        write(state.verdicts, waiting)
        return change
    }

    private func write(_ verdicts: Verdicts, _ waiting: [(OverrideTicket, OverrideOutcome)]) {
        isUnsaved = true
        retryTime = nil
        writer.hand(Writing(overrides: verdicts.overrides, waiting: waiting))
    }

    private func takeWritten() {
        for (writing, outcome) in written.take() {
            isUnsaved = outcome != nil
            retryTime = outcome.map { _ in .now + Self.patience }
            if let outcome, problem != outcome {
                log.error("overrides by hand are not kept over a restart", metadata: ["detail": "\(outcome)"])
            }
            problem = outcome
            for (ticket, done) in writing.waiting {
                ticket.answer(outcome.map { .unkept(done, $0.description) } ?? .done(done))
            }
        }
    }

    /// Keeps what stands at the end of the agent, as far as the disk takes it in time.
    func end(_ verdicts: Verdicts, by end: ContinuousClock.Instant) {
        takeWritten()
        if isUnsaved { writer.hand(Writing(overrides: verdicts.overrides, waiting: [])) }
        _ = writer.finish(by: end)
        takeWritten()
    }
}
