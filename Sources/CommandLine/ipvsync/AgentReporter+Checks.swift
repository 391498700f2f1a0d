internal import Checker
internal import HealthChecks
internal import LoadBalancing
internal import Logging
internal import Telemetry

extension AgentReporter {
    /// Virtual servers that a line names.
    private static let namedServers = 5
    /// Lines for single transitions of one turn; the rest is told of in one.
    private static let transitionLines = 200

    /// Tells of what checks have found.
    mutating func report(
        _ change: VerdictChange, _ results: [(CheckSubject, CheckResult)], problem: String?, _ figures: CheckerFigures?
    ) {
        if problem != checkerProblem {
            checkerProblem = problem
            if let problem {
                log.error("checks are interrupted: verdicts stay", metadata: ["detail": "\(problem)"])
            } else {
                log.info("checks are made again")
            }
            board.update { $0.checks.problem = problem }
        }
        guard !results.isEmpty || !change.quorums.isEmpty else { return }
        for transition in change.transitions.prefix(Self.transitionLines) { tell(transition) }
        if change.transitions.count > Self.transitionLines {
            let rest = change.transitions.count - Self.transitionLines
            log.warning("more checks have changed", metadata: ["count": "\(rest)"])
        }
        for quorum in change.quorums {
            log.log(
                level: quorum.isThere ? .info : .error, quorum.isThere ? "quorum gained" : "quorum lost",
                metadata: ["virtualServer": "\(quorum.virtualServer)"])
        }
        board.update { $0.checks.metrics.take(change, results.map(\.1), lateness: figures?.lateness) }
    }

    private func tell(_ transition: VerdictChange.Transition) {
        let names = transition.virtualServers.prefix(Self.namedServers).map(\.description).joined(separator: ", ")
        let rest = transition.virtualServers.count - Self.namedServers
        let metadata: Logger.Metadata = [
            "realServer": "\(transition.subject.realServer)", "check": "\(transition.subject)",
            "reason": "\(transition.result.reason)",
            "virtualServers": "\(names)\(rest > 0 ? " and \(rest) more" : "")",
        ]
        switch (transition.old, transition.new) {
        case (_, .down): log.warning("real server down", metadata: metadata)
        // The first answers of thousands are no news.
        case (.unknown, _): log.debug("real server up", metadata: metadata)
        default: log.info("real server up", metadata: metadata)
        }
    }

    /// Shows what is known of real servers from here on.
    func publish(_ verdicts: Verdicts) { board.update { $0.checks.verdicts = verdicts } }
}
