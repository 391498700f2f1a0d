internal import Agent
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
    mutating func report(_ turn: HealthTurn, _ verdicts: Verdicts) {
        let (change, problem) = (turn.change, turn.problem)
        if turn.isNews { publish(verdicts) }
        if let problem = turn.storeProblem {
            log.warning("what is known of real servers is not kept", metadata: ["detail": "\(problem)"])
        }
        if problem != checkerProblem {
            checkerProblem = problem
            if let problem {
                log.error("checks are interrupted: verdicts stay", metadata: ["detail": "\(problem)"])
            } else {
                log.info("checks are made again")
            }
            board.update { $0.checks.problem = problem }
        }
        tellEnded(change)
        guard !turn.results.isEmpty || !change.quorums.isEmpty else { return }
        for transition in change.transitions.prefix(Self.transitionLines) { tell(transition) }
        if change.transitions.count > Self.transitionLines {
            let rest = change.transitions.count - Self.transitionLines
            log.warning("more checks have changed", metadata: ["count": "\(rest)"])
        }
        tellQuorums(change)
        record(change)
        board.update { $0.checks.metrics.take(change, turn.results.map(\.1), lateness: turn.figures?.lateness) }
    }

    /// Puts it among the latest changes; the first answers are no news.
    private func record(_ change: VerdictChange) {
        let transitions = change.transitions.filter { $0.old != .unknown || $0.new == .down }
        let latest = transitions.suffix(Self.transitionLines).map { transition in
            ChangeRecord(
                "real server \(transition.new.rawValue)", virtualServer: names(transition.virtualServers),
                realServer: transition.subject.realServer.description,
                detail: "\(transition.subject.check.probe.name): \(transition.result.reason)")
        }
        let quorums = change.quorums.suffix(Self.transitionLines).map { quorum in
            ChangeRecord(quorum.isThere ? "quorum gained" : "quorum lost", virtualServer: "\(quorum.virtualServer)")
        }
        guard !latest.isEmpty || !quorums.isEmpty else { return }
        board.update { $0.note(latest + quorums, of: transitions.count + change.quorums.count) }
    }

    private func tell(_ transition: VerdictChange.Transition) {
        let metadata: Logger.Metadata = [
            "realServer": "\(transition.subject.realServer)", "check": "\(transition.subject)",
            "reason": "\(transition.result.reason)",
            "virtualServers": "\(names(transition.virtualServers))",
        ]
        switch (transition.old, transition.new) {
        case (_, .down): log.warning("real server down", metadata: metadata)
        // The first answers of thousands are no news.
        case (.unknown, _): log.debug("real server up", metadata: metadata)
        default: log.info("real server up", metadata: metadata)
        }
    }

    /// Tells of hooks.
    mutating func report(_ notices: [HookNotice], _ figures: HookFigures) {
        for notice in notices {
            switch notice {
            case .failed(let event, let object, let reason):
                log.warning(
                    "hook failed",
                    metadata: ["hook": "\(event.rawValue)", "object": "\(object)", "detail": "\(reason)"])
            case .dropping:
                log.warning(
                    "hooks are dropped: too many wait", metadata: ["waiting": "\(HookRunner.mostWaiting)"])
            }
        }
        guard figures != hookFigures else { return }
        hookFigures = figures
        board.update { $0.checks.hooks = figures }
    }

    // MARK: By hand

    /// Tells of an order that was followed.
    func report(_ outcome: OverrideOutcome, now: ContinuousClock.Instant) {
        let servers = Set(outcome.subjects.map(\.virtualServer)).sorted()
        for override in outcome.put {
            var metadata = metadata(of: override)
            metadata["virtualServers"] = "\(names(servers))"
            metadata["by"] = "\(override.author)"
            if let until = override.until { metadata["for"] = "\(DurationText.text(seconds(now.duration(to: until))))" }
            log.warning("override by hand begins", metadata: metadata)
        }
        tellEnded(outcome.change)
        tellQuorums(outcome.change)
        record(outcome.change)
    }

    /// Tells of an order that was refused.
    func report(_ refusal: OverrideRefusal, of ticket: OverrideTicket) {
        log.info("order by hand refused", metadata: ["by": "\(ticket.author)", "detail": "\(refusal)"])
    }

    private func tellEnded(_ change: VerdictChange) {
        for ended in change.endedOverrides.prefix(Self.transitionLines) {
            var metadata = metadata(of: ended.override)
            switch ended.cause {
            case .time: metadata["cause"] = "its time is over"
            case .gone: metadata["cause"] = "no virtual server has the real server any more"
            case .enabled(let author): (metadata["cause"], metadata["by"]) = ("enabled", "\(author)")
            case .replaced(let author): (metadata["cause"], metadata["by"]) = ("replaced", "\(author)")
            }
            log.info("override by hand ends", metadata: metadata)
        }
    }

    private func tellQuorums(_ change: VerdictChange) {
        for quorum in change.quorums {
            log.log(
                level: quorum.isThere ? .info : .error, quorum.isThere ? "quorum gained" : "quorum lost",
                metadata: ["virtualServer": "\(quorum.virtualServer)"])
        }
    }

    private func metadata(of override: Override) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "override": "\(override.action)", "realServer": "\(override.target.realServer)",
        ]
        if let key = override.target.virtualServer { metadata["virtualServer"] = "\(key)" }
        return metadata
    }

    private func names(_ servers: [VirtualServerKey]) -> String {
        let rest = servers.count - Self.namedServers
        return servers.prefix(Self.namedServers).map(\.description).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more" : "")
    }

    private func seconds(_ duration: Duration) -> UInt64 { UInt64(max(0, (duration / .seconds(1)).rounded())) }

    /// Shows what is known of real servers from here on.
    func publish(_ verdicts: Verdicts) { board.update { $0.checks.verdicts = verdicts } }
}
