internal import Agent
internal import Checker
internal import HealthChecks
internal import LoadBalancing
internal import Logging

/// The agent's side of the checks of real servers: it has them made while there are any, hands on what they find, and
/// keeps it over restarts.
final class HealthWatch {
    private let store: VerdictStore
    private let log: Logger
    private var checker: CheckerProcess?
    /// Why there is no checker; told once.
    private var problem: String?
    private let writer: Worker<Verdicts, StateError?>
    private let written = Inbox<StateError?>()
    private var storeProblem: StateError?
    /// Whether something is known that is not kept yet.
    private var isUnsaved = false
    private var isWriting = false
    private var nextWrite = ContinuousClock.now
    private var nextPublication = ContinuousClock.now
    private var nextStart = ContinuousClock.now

    /// What is kept is written that often at most, and what is shown is renewed.
    private static let rhythm = Duration.seconds(1)
    /// A checker that could not be made is tried again after that.
    private static let patience = Duration.seconds(10)

    init(_ store: VerdictStore, log: Logger) {
        self.store = store
        self.log = log
        writer = Worker(
            { verdicts in
                do throws(StateError) {
                    try store.save(verdicts)
                    return nil
                } catch {
                    return error
                }
            }, done: written.put)
    }

    /// What an earlier agent knew.
    ///
    /// - Parameter overrides: What was said to it by hand.
    func recall(_ overrides: Overrides) -> Verdicts {
        let (recollection, problem, _) = store.load()
        if let problem { log.warning("what was known of real servers is lost", metadata: ["detail": "\(problem)"]) }
        return Verdicts(now: .now, recalling: recollection, overrides: overrides)
    }

    /// Can be read when there is something to do.
    var descriptors: [Int32] { [checker?.descriptor, written.descriptor].compactMap(\.self) }

    /// When there is something to do at the latest; `nil` for never.
    func wakeUp(_ state: AgentState) -> ContinuousClock.Instant? {
        let write = isUnsaved && !isWriting ? nextWrite : nil
        let start = checker == nil && problem != nil ? nextStart : nil
        return [checker?.wakeUp, state.verdicts.nextChange, write, start].compactMap(\.self).min()
    }

    /// Hands over what is to be checked, and takes what was found.
    ///
    /// - Returns: What has changed.
    func turn(_ state: inout AgentState, _ reporter: inout AgentReporter, now: ContinuousClock.Instant = .now)
        -> VerdictChange
    {
        let hasNewSubjects = follow(&state, now)
        let results = checker?.receive(now: now) ?? []
        let change = state.apply(results, now: now)
        reporter.report(change, results, problem: problem ?? checker?.problem, checker?.figures)
        isUnsaved = isUnsaved || hasNewSubjects || !change.keys.isEmpty
        if hasNewSubjects || !change.keys.isEmpty || !results.isEmpty && nextPublication <= now {
            nextPublication = now + Self.rhythm
            reporter.publish(state.verdicts)
        }
        save(state.verdicts, now)
        return change
    }

    /// Has exactly that checked which is to be.
    ///
    /// - Returns: Whether that is something else than before.
    private func follow(_ state: inout AgentState, _ now: ContinuousClock.Instant) -> Bool {
        let isRetry = checker == nil && problem != nil && nextStart <= now
        guard let subjects = state.takeSubjects() ?? (isRetry ? state.verdicts.subjects : nil) else { return false }
        if checker == nil, !subjects.isEmpty {
            do throws(CheckerError) {
                checker = try CheckerProcess()
                problem = nil
            } catch {
                problem = "real servers are not checked: \(error)"
                nextStart = now + Self.patience
            }
        }
        checker?.use(subjects, now: now)
        return !isRetry
    }

    private func save(_ verdicts: Verdicts, _ now: ContinuousClock.Instant) {
        for outcome in written.take() {
            isWriting = false
            if let outcome, storeProblem != outcome {
                log.warning("what is known of real servers is not kept", metadata: ["detail": "\(outcome)"])
            }
            storeProblem = outcome
            // Later, it may work.
            if outcome != nil { isUnsaved = true }
        }
        guard isUnsaved, !isWriting, nextWrite <= now else { return }
        isUnsaved = false
        isWriting = true
        nextWrite = now + Self.rhythm
        writer.hand(verdicts)
    }

    /// Keeps what is known at the end of the agent, as far as the disk takes it in time.
    func end(_ verdicts: Verdicts, by end: ContinuousClock.Instant) {
        if isUnsaved { writer.hand(verdicts) }
        _ = writer.finish(by: end)
    }
}
