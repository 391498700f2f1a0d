internal import LoadBalancing

/// One virtual server whose real servers are checked: what is declared, what is known, and what follows.
struct WatchedVirtualServer {
    /// What is known of a checked subject.
    typealias Lookup = (CheckSubject) -> Verdict?

    private(set) var declared: DesiredVirtualServer
    private(set) var rules: HealthRules
    /// Whether the weight of what is up reaches the quorum, with hysteresis.
    private(set) var hasQuorum: Bool
    /// Real servers that joined while the virtual server was watched, and when: they start slowly.
    private var joined: [Endpoint: ContinuousClock.Instant] = [:]

    /// A slow start raises the weight in so many steps.
    static let slowStartSteps = 10

    /// - Parameter hadQuorum: What was known before this process; `nil` for nothing.
    init(_ declared: DesiredVirtualServer, _ rules: HealthRules, hadQuorum: Bool?, _ verdict: Lookup) {
        self.declared = declared
        self.rules = rules
        hasQuorum = hadQuorum ?? true
        if hadQuorum == nil {
            hasQuorum = liveWeight(verdict) >= quorum
        } else {
            _ = judgeQuorum(verdict)
        }
    }

    /// Takes another declaration in the place of the one before.
    mutating func use(
        _ next: DesiredVirtualServer, _ rules: HealthRules, now: ContinuousClock.Instant, _ verdict: Lookup
    ) {
        if rules.slowStart == nil {
            joined = [:]
        } else {
            let known = Set(declared.realServers.map(\.endpoint))
            let wanted = Set(next.realServers.map(\.endpoint))
            joined = joined.filter { wanted.contains($0.key) }
            for endpoint in wanted.subtracting(known) { joined[endpoint] = now }
        }
        declared = next
        self.rules = rules
        _ = judgeQuorum(verdict)
    }

    /// What is checked.
    var subjects: [CheckSubject] {
        declared.realServers.flatMap { server in
            rules.checks(of: server.endpoint).map { CheckSubject($0, of: server.endpoint) }
        }
    }

    // MARK: Quorum

    private var quorum: UInt64 { UInt64(rules.quorum ?? 1) }

    /// Looks whether the quorum is lost or there again.
    ///
    /// - Returns: Whether that has changed.
    mutating func judgeQuorum(_ verdict: Lookup) -> Bool {
        let hysteresis = UInt64(rules.hysteresis)
        let threshold = hasQuorum ? quorum - min(hysteresis, quorum) : quorum + hysteresis
        let isThere = liveWeight(verdict) >= threshold
        defer { hasQuorum = isThere }
        return isThere != hasQuorum
    }

    /// The sum of the weights of those that count as up.
    private func liveWeight(_ verdict: Lookup) -> UInt64 {
        standings(verdict).reduce(0) { $0 + ($1.isUp ? UInt64($1.weight) : 0) }
    }

    // MARK: What follows

    /// The virtual server as the kernel is to have it.
    func effective(now: ContinuousClock.Instant, _ verdict: Lookup) -> DesiredVirtualServer {
        var effective = declared
        effective.realServers = []
        let usesBackup = !hasQuorum && rules.backup != nil
        for (server, standing) in zip(declared.realServers, standings(verdict)) {
            var server = server
            server.weight = standing.isUp && !usesBackup ? standing.weight(of: rules.slowStart, now: now) : 0
            if standing.isUp && !usesBackup || rules.onFailure == .weightZero {
                effective.realServers.append(server)
            } else {
                // One that is up makes way for the backup server, and keeps the connections that it has.
                let isCut = rules.onFailure == .remove && !standing.isUp
                effective.withdrawn[server.endpoint] = isCut ? .immediately : .drain
            }
        }
        guard let backup = rules.backup else { return effective }
        if usesBackup {
            effective.realServers.append(backup)
            effective.realServers.sort { $0.endpoint < $1.endpoint }
        } else {
            effective.withdrawn[backup.endpoint] = .drain
        }
        return effective
    }

    /// When a slow start changes a weight next; `nil` when none is under way.
    func nextStep(after now: ContinuousClock.Instant, _ verdict: Lookup) -> ContinuousClock.Instant? {
        guard let slowStart = rules.slowStart else { return nil }
        return standings(verdict).compactMap { $0.isUp ? $0.nextStep(of: slowStart, after: now) : nil }.min()
    }

    // MARK: Single real servers

    /// What counts of one real server.
    struct Standing {
        var isUp: Bool
        /// The declared weight, or the one that its checks ask for.
        var weight: UInt32
        /// When a slow start began, if it came up or joined under way.
        var risen: ContinuousClock.Instant?
    }

    /// The real servers in their order. All count as up while too few are.
    private func standings(_ verdict: Lookup) -> [Standing] {
        var standings = declared.realServers.map { standing($0, verdict) }
        let up = standings.count(where: \.isUp)
        if up * 100 < Int(rules.panicThreshold) * standings.count {
            for index in standings.indices { standings[index].isUp = true }
        }
        return standings
    }

    private func standing(_ server: RealServer, _ verdict: Lookup) -> Standing {
        var standing = Standing(isUp: true, weight: server.weight, risen: joined[server.endpoint])
        var asked: UInt32?
        for check in rules.checks(of: server.endpoint) {
            let verdict = verdict(CheckSubject(check, of: server.endpoint))
            switch verdict?.state {
            case .up?:
                if let weight = verdict?.weight { asked = min(asked ?? weight, weight) }
                if let verdict, verdict.hasRecovered {
                    standing.risen = max(standing.risen ?? verdict.since, verdict.since)
                }
            case .down?: standing.isUp = false
            case .unknown?, nil: standing.isUp = standing.isUp && !rules.startsDown
            }
        }
        // A real server without weight is drained by its declaration, whatever a check says.
        if let asked, server.weight > 0 { standing.weight = asked }
        return standing
    }
}

extension WatchedVirtualServer.Standing {
    /// The weight at a time: it grows in even steps over a slow start, from 1.
    func weight(of slowStart: Duration?, now: ContinuousClock.Instant) -> UInt32 {
        guard let slowStart, let risen, weight > 1 else { return weight }
        let steps = WatchedVirtualServer.slowStartSteps
        let passed = Self.steps(from: risen, to: now, of: slowStart)
        guard passed < steps else { return weight }
        return max(1, UInt32(UInt64(weight) * UInt64(passed) / UInt64(steps)))
    }

    func nextStep(of slowStart: Duration, after now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let risen, weight > 1 else { return nil }
        let passed = Self.steps(from: risen, to: now, of: slowStart)
        guard passed < WatchedVirtualServer.slowStartSteps else { return nil }
        return risen + slowStart / WatchedVirtualServer.slowStartSteps * (passed + 1)
    }

    private static func steps(
        from start: ContinuousClock.Instant, to now: ContinuousClock.Instant, of slowStart: Duration
    ) -> Int {
        let step = slowStart / WatchedVirtualServer.slowStartSteps
        guard now > start, step > .zero else { return step > .zero ? 0 : WatchedVirtualServer.slowStartSteps }
        // A quotient of two durations may fall short of the whole number that it is.
        return Int(min(Double(WatchedVirtualServer.slowStartSteps), start.duration(to: now) / step + 1e-6))
    }
}
