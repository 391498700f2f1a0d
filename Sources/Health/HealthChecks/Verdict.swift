internal import LoadBalancing

/// What one check says of a real server, from its attempts.
///
/// Pure: attempts and times are handed in.
package struct Verdict: Hashable, Sendable {
    package enum State: String, Hashable, Sendable, CaseIterable {
        /// No attempt has decided yet.
        case unknown
        case up
        case down
    }

    /// An attempt that has ended.
    package struct Attempt: Hashable, Sendable {
        package let result: CheckResult
        package let time: ContinuousClock.Instant
    }

    package private(set) var state: State
    /// When ``state`` began.
    package private(set) var since: ContinuousClock.Instant
    /// Whether it is up after it was down.
    package private(set) var hasRecovered: Bool
    /// The weight that the check asks for, in the place of the declared one.
    package private(set) var weight: UInt32?
    /// What is said of ``state``: the reason of the attempt that decided it.
    package private(set) var reason: String
    /// The last attempt of this process.
    package private(set) var last: Attempt?
    /// Attempts in a row that contradict ``state``.
    private var contradictions = 0

    package init(
        _ state: State = .unknown, since: ContinuousClock.Instant, hasRecovered: Bool = false, weight: UInt32? = nil,
        reason: String = "not checked yet"
    ) {
        self.state = state
        self.since = since
        self.hasRecovered = hasRecovered
        self.weight = weight
        self.reason = reason
    }

    /// Takes an attempt into account.
    ///
    /// While nothing is known, one success is enough: the real server may as well be used. Otherwise it takes as many
    /// attempts in a row as the check's `rise` and `fall` say.
    ///
    /// - Returns: Whether the state or the weight is another one now.
    package mutating func record(_ result: CheckResult, of check: ServerCheck, now: ContinuousClock.Instant) -> Bool {
        last = Attempt(result: result, time: now)
        switch result.outcome {
        case .unknown: return false
        case .up: return succeed(nil, check, now)
        case .weight(let weight): return succeed(min(weight, RealServer.maximumWeight), check, now)
        case .down: return fail(check, now)
        }
    }

    private mutating func succeed(_ weight: UInt32?, _ check: ServerCheck, _ now: ContinuousClock.Instant) -> Bool {
        if state != .up {
            contradictions = state == .unknown ? check.rise : contradictions + 1
            guard contradictions >= check.rise else { return false }
            enter(.up, now)
            self.weight = weight
            return true
        }
        contradictions = 0
        guard self.weight != weight else { return false }
        self.weight = weight
        return true
    }

    private mutating func fail(_ check: ServerCheck, _ now: ContinuousClock.Instant) -> Bool {
        guard state != .down else {
            contradictions = 0
            return false
        }
        contradictions += 1
        guard contradictions >= check.fall else { return false }
        enter(.down, now)
        weight = nil
        return true
    }

    private mutating func enter(_ next: State, _ now: ContinuousClock.Instant) {
        hasRecovered = state == .down && next == .up
        state = next
        since = now
        reason = last?.result.reason ?? reason
        contradictions = 0
    }
}

extension CheckSubject: CustomStringConvertible {
    /// `http 198.51.100.1:8080`; with the endpoint that is asked where that is another one.
    package var description: String {
        let target = check.target(of: realServer)
        return "\(check.probe.name) \(realServer)" + (target == realServer ? "" : " at \(target)")
    }
}

extension ServerCheck.Probe {
    /// The word for it in a configuration: `tcp`, `https`, `command`.
    package var name: String {
        switch self {
        case .tcp: "tcp"
        case .udp: "udp"
        case .http(let http): http.isTLS ? "https" : "http"
        case .dns: "dns"
        case .smtp: "smtp"
        case .ping: "ping"
        case .command: "command"
        case .file: "file"
        }
    }
}
