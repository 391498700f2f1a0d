package import Checker
package import HealthChecks

/// The agent's side of the checks of real servers: it has them made while there are any, hands on what they find, and
/// keeps it over restarts.
package final class HealthWatch {
    private let store: VerdictStore
    /// The program that makes the checks.
    private let executable: String
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

    /// - Parameter executable: The program that makes the checks: see ``CheckerProcess``.
    package init(_ store: VerdictStore, executable: String = "/proc/self/exe") {
        self.store = store
        self.executable = executable
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
    /// - Returns: With why nothing of it is used.
    package func recall(_ overrides: Overrides) -> (Verdicts, problem: StateError?) {
        let (recollection, problem, _) = store.load()
        return (Verdicts(now: .now, recalling: recollection, overrides: overrides), problem)
    }

    /// Can be read when there is something to do.
    package var descriptors: [Int32] { [checker?.descriptor, written.descriptor].compactMap(\.self) }

    /// When there is something to do at the latest; `nil` for never.
    package func wakeUp(_ state: AgentState) -> ContinuousClock.Instant? {
        let write = isUnsaved && !isWriting ? nextWrite : nil
        let start = checker == nil && problem != nil ? nextStart : nil
        return [checker?.wakeUp, state.verdicts.nextChange, write, start].compactMap(\.self).min()
    }

    /// Hands over what is to be checked, and takes what was found.
    ///
    package func turn(_ state: inout AgentState, now: ContinuousClock.Instant = .now) -> HealthTurn {
        let hasNewSubjects = follow(&state, now)
        let results = checker?.receive(now: now) ?? []
        let change = state.apply(results, now: now)
        var turn = HealthTurn(
            change: change, results: results, problem: problem ?? checker?.problem, figures: checker?.figures)
        isUnsaved = isUnsaved || hasNewSubjects || !change.keys.isEmpty
        if hasNewSubjects || !change.keys.isEmpty || !results.isEmpty && nextPublication <= now {
            nextPublication = now + Self.rhythm
            turn.isNews = true
        }
        turn.storeProblem = save(state.verdicts, now)
        return turn
    }

    /// Has exactly that checked which is to be.
    ///
    /// - Returns: Whether that is something else than before.
    private func follow(_ state: inout AgentState, _ now: ContinuousClock.Instant) -> Bool {
        let isRetry = checker == nil && problem != nil && nextStart <= now
        guard let subjects = state.takeSubjects() ?? (isRetry ? state.verdicts.subjects : nil) else { return false }
        if checker == nil, !subjects.isEmpty {
            do throws(CheckerError) {
                checker = try CheckerProcess(executable: executable)
                problem = nil
            } catch {
                problem = "real servers are not checked: \(error)"
                nextStart = now + Self.patience
            }
        }
        checker?.use(subjects, now: now)
        return !isRetry
    }

    /// - Returns: Why it cannot be kept, if that is new.
    private func save(_ verdicts: Verdicts, _ now: ContinuousClock.Instant) -> StateError? {
        var news: StateError?
        for outcome in written.take() {
            isWriting = false
            if let outcome, storeProblem != outcome { news = outcome }
            storeProblem = outcome
            // Later, it may work.
            if outcome != nil { isUnsaved = true }
        }
        guard isUnsaved, !isWriting, nextWrite <= now else { return news }
        isUnsaved = false
        isWriting = true
        nextWrite = now + Self.rhythm
        writer.hand(verdicts)
        return news
    }

    /// Keeps what is known at the end of the agent, as far as the disk takes it in time.
    package func end(_ verdicts: Verdicts, by end: ContinuousClock.Instant) {
        if isUnsaved { writer.hand(verdicts) }
        _ = writer.finish(by: end)
    }
}

/// What came of a turn of ``HealthWatch``.
package struct HealthTurn: Sendable {
    package let change: VerdictChange
    package let results: [(CheckSubject, CheckResult)]
    /// Why some checks are not made; `nil` if all are.
    package let problem: String?
    /// What the checkers do; `nil` while there is none.
    package let figures: CheckerFigures?
    /// Whether what is known has to be shown anew.
    package var isNews = false
    /// Why what is known cannot be kept over a restart, if that is new.
    package var storeProblem: StateError?

    init(
        change: VerdictChange, results: [(CheckSubject, CheckResult)], problem: String?, figures: CheckerFigures?
    ) {
        self.change = change
        self.results = results
        self.problem = problem
        self.figures = figures
    }
}
