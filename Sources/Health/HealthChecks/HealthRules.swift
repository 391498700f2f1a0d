package import LoadBalancing

/// How a virtual server's real servers are watched, and what follows from it.
package struct HealthRules: Hashable, Sendable {
    /// The checks of all real servers.
    package var checks: [ServerCheck]
    /// The checks of some real servers, in the place of ``checks``; empty for one that is not checked.
    package var own: [Endpoint: [ServerCheck]]
    package var onFailure: FailureAction
    /// The weight of real servers that are up below which the backup server is used; `nil` for 1.
    package var quorum: UInt32?
    /// The quorum is lost below `quorum - hysteresis`, and there again at `quorum + hysteresis`.
    package var hysteresis: UInt32
    /// The real server that is used while the quorum is lost (keepalived: `sorry_server`).
    package var backup: RealServer?
    /// Whether a real server counts as down until its checks say that it is up (keepalived: `alpha`).
    package var startsDown: Bool
    /// Whether the agent takes the virtual server's real servers away at its end (keepalived: `omega`).
    package var drainsAtEnd: Bool
    /// When a smaller share of the real servers than this is up, in per cent, all count as up; 0 for never.
    package var panicThreshold: UInt8
    /// The time in which the weight of a real server that came up grows to the declared one; `nil` for at once.
    package var slowStart: Duration?

    package init(
        checks: [ServerCheck] = [], own: [Endpoint: [ServerCheck]] = [:], onFailure: FailureAction = .drain
    ) {
        self.checks = checks
        self.own = own
        self.onFailure = onFailure
        quorum = nil
        hysteresis = 0
        backup = nil
        startsDown = false
        drainsAtEnd = false
        panicThreshold = 0
        slowStart = nil
    }

    /// What happens to a real server that is down.
    package enum FailureAction: String, Hashable, Sendable, CaseIterable {
        /// Weight 0 and removed once its connections have ended, as a real server that is declared no more.
        case drain
        /// Removed at once.
        case remove
        /// Weight 0 and kept (keepalived: `inhibit_on_failure`).
        case weightZero = "weight 0"
    }

    /// The checks of a real server.
    package func checks(of realServer: Endpoint) -> [ServerCheck] { own[realServer] ?? checks }
}
