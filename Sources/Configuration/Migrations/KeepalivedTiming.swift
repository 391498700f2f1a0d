import Configuration
import HealthChecks

/// How often and how long checks try: a virtual server's values hold for its real servers, and theirs for their checks.
struct KeepalivedTiming {
    var interval = Duration.seconds(60)
    var timeout = Duration.seconds(5)
    /// Failures that are borne; `nil` for what the kind of check has.
    var retry: UInt32?
    var retryDelay: Duration?
    /// The name that HTTP is asked for.
    var virtualHost: String?

    /// Takes a statement that says something of this; false for any other.
    mutating func take(_ statement: KeepalivedStatement, _ findings: Findings) -> Bool {
        switch statement.keyword {
        case "delay_loop": interval = statement.timer(findings) ?? interval
        case "connect_timeout": timeout = statement.timer(findings) ?? timeout
        case "retry", "nb_get_retry": retry = statement.number(0...UInt32.max, findings) ?? retry
        case "delay_before_retry": retryDelay = statement.timer(findings) ?? retryDelay
        case "warmup":
            findings.note(statement.place, "warmup is left out: ipvsync spreads the first checks by itself")
        case "virtualhost": virtualHost = statement.values.first ?? virtualHost
        default: return false
        }
        return true
    }

    /// Gives a check its times.
    ///
    /// - Parameters:
    ///   - retry: How many failures its kind bears by default.
    ///   - retryDelay: From one of them to the next attempt, by default; `nil` for the interval.
    func apply(
        to check: inout ServerCheck, retry defaultRetry: UInt32, retryDelay defaultDelay: Duration?,
        _ place: SourcePlace, _ findings: Findings
    ) {
        check.interval = max(interval, Self.shortestInterval)
        if interval < Self.shortestInterval { findings.note(place, "delay_loop is 0.1 s at least") }
        check.setTimeout(max(timeout, Self.shortestTimeout), place, findings)
        let retry = self.retry ?? defaultRetry
        if retry >= Self.mostFailures { findings.note(place, "retry is \(Self.mostFailures - 1) at most") }
        check.rise = 1
        check.fall = Int(min(retry, Self.mostFailures - 1)) + 1
        guard check.fall > 1, let delay = retryDelay ?? defaultDelay, delay != check.interval else { return }
        if delay < Self.shortestTimeout { findings.note(place, "delay_before_retry is 0.01 s at least") }
        check.retryDelay = max(delay, Self.shortestTimeout)
    }

    /// What ipvsync allows.
    private static let shortestInterval = Duration.milliseconds(100)
    private static let shortestTimeout = Duration.milliseconds(10)
    private static let mostFailures: UInt32 = 100
}

extension ServerCheck {
    /// Gives the check a timeout that ipvsync allows.
    mutating func setTimeout(_ timeout: Duration, _ place: SourcePlace, _ findings: Findings) {
        let longest = Duration.seconds(3_600)
        if timeout > longest { findings.note(place, "the timeout is 1 h at most") }
        self.timeout = min(timeout, longest)
    }
}

/// What holds for the checks of the whole configuration.
struct KeepalivedGlobals {
    /// The user that programs run as (`script_user`).
    var scriptUser: String?
    /// The node's own certificate and its key (`SSL`).
    var certificate: String?
    var key: String?
}
