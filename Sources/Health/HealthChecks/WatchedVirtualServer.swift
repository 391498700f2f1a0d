package import LoadBalancing

/// One virtual server whose real servers are checked: what is declared, what is known, and what follows.
struct WatchedVirtualServer {
    /// What is known of a checked subject.
    typealias Lookup = (CheckSubject) -> Verdict?

    private(set) var declared: DesiredVirtualServer
    private(set) var rules: HealthRules
    /// Whether the weight of what is up reaches the quorum, with hysteresis.
    private(set) var hasQuorum: Bool
    /// What is said of real servers by hand.
    private(set) var byHand: [Endpoint: Override.Action]
    /// Real servers that joined while the virtual server was watched, and when: they start slowly.
    private var joined: [Endpoint: ContinuousClock.Instant] = [:]

    /// A slow start raises the weight in so many steps.
    static let slowStartSteps = 10

    /// - Parameter hadQuorum: What was known before this process; `nil` for nothing.
    init(
        _ declared: DesiredVirtualServer, _ rules: HealthRules, byHand: [Endpoint: Override.Action] = [:],
        hadQuorum: Bool?, _ verdict: Lookup
    ) {
        self.declared = declared
        self.rules = rules
        self.byHand = byHand
        hasQuorum = hadQuorum ?? true
        if hadQuorum == nil {
            hasQuorum = liveWeight(verdict) >= quorum
        } else {
            _ = judgeQuorum(verdict)
        }
    }

    /// Takes another declaration in the place of the one before.
    mutating func use(
        _ next: DesiredVirtualServer, _ rules: HealthRules, byHand: [Endpoint: Override.Action],
        now: ContinuousClock.Instant, _ verdict: Lookup
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
        self.byHand = byHand
        _ = judgeQuorum(verdict)
    }

    /// Takes what is said by hand from here on, in the place of what was.
    ///
    /// - Returns: Whether the quorum is lost by it, or there again.
    mutating func use(byHand: [Endpoint: Override.Action], _ verdict: Lookup) -> Bool {
        self.byHand = byHand
        return judgeQuorum(verdict)
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
        for (server, standing) in zip(declared.realServers, standings(verdict)) {
            var server = server
            let isDrained = byHand[server.endpoint] == .drain
            let serves = standing.isUp && !usesBackup && !isDrained
            server.weight = serves ? standing.weight(of: rules.slowStart, now: now) : 0
            if serves || rules.onFailure == .weightZero && !isDrained {
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

    /// Whether the backup server serves in the place of all others.
    private var usesBackup: Bool { !hasQuorum && rules.backup != nil }

    /// Why the weights of some real servers are not the declared ones.
    func deviations(now: ContinuousClock.Instant, _ verdict: Lookup) -> [WeightDeviation] {
        zip(declared.realServers, standings(verdict)).compactMap { server, standing in
            let isDrained = byHand[server.endpoint] == .drain
            let serves = standing.isUp && !usesBackup && !isDrained
            let weight = serves ? standing.weight(of: rules.slowStart, now: now) : 0
            let reason: WeightDeviation.Reason =
                if isDrained {
                    .drainedByHand
                } else if !standing.isUp {
                    .check(standing.doubt.flatMap(verdict)?.reason ?? "")
                } else if usesBackup {
                    .quorum
                } else if weight != standing.weight {
                    .slowStart
                } else {
                    standing.isByHand ? .weightByHand : .checkedWeight
                }
            // One that is drained without having had any weight is told of as well.
            guard weight != server.weight || isDrained else { return nil }
            return WeightDeviation(
                virtualServer: declared.key, realServer: server.endpoint, declared: server.weight, effective: weight,
                reason: reason)
        }
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
        /// The check by which it is not up.
        var doubt: CheckSubject?
        /// Whether the weight is the one that is given by hand.
        var isByHand = false
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
            let subject = CheckSubject(check, of: server.endpoint)
            let verdict = verdict(subject)
            switch verdict?.state {
            case .up?:
                if let weight = verdict?.weight { asked = min(asked ?? weight, weight) }
                if let verdict, verdict.hasRecovered {
                    standing.risen = max(standing.risen ?? verdict.since, verdict.since)
                }
            case .down?:
                standing.isUp = false
                standing.doubt = subject
            case .unknown?, nil:
                if rules.startsDown { standing.doubt = standing.doubt ?? subject }
                standing.isUp = standing.isUp && !rules.startsDown
            }
        }
        // A real server without weight is drained by its declaration, whatever a check says.
        if let asked, server.weight > 0 { standing.weight = asked }
        switch byHand[server.endpoint] {
        case .drain?: standing.weight = 0
        case .weight(let weight)? where server.weight > 0:
            standing.weight = weight
            standing.risen = nil
            standing.isByHand = true
        case .weight?, nil: break
        }
        return standing
    }
}

/// A real server whose weight is not the declared one, and why.
package struct WeightDeviation: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// It is down, or not checked yet: what its check says.
        case check(String)
        /// Its checks ask for the weight.
        case checkedWeight
        case slowStart
        /// The quorum is lost: the backup server serves in its place.
        case quorum
        case drainedByHand
        case weightByHand
    }

    package let virtualServer: VirtualServerKey
    package let realServer: Endpoint
    package let declared: UInt32
    /// 0 also for one that is taken out.
    package let effective: UInt32
    package let reason: Reason
}

extension WeightDeviation.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .check(let reason): reason.isEmpty ? "down" : "down: \(reason)"
        case .checkedWeight: "weight of its check"
        case .slowStart: "slow start"
        case .quorum: "quorum lost: the backup serves"
        case .drainedByHand: "drained by hand"
        case .weightByHand: "weight by hand"
        }
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
