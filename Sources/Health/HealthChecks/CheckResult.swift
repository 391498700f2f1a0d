package import LoadBalancing

/// A check of one endpoint: the unit that is run once, however many virtual servers ask for it.
package struct CheckSubject: Hashable, Sendable {
    package let check: ServerCheck
    /// The real server that it is about; ``ServerCheck/target(of:)`` says where to ask.
    package let realServer: Endpoint

    package init(_ check: ServerCheck, of realServer: Endpoint) {
        self.check = check
        self.realServer = realServer
    }
}

/// How one attempt of a check went.
package struct CheckResult: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case up
        case down
        /// Up, and the weight to use in the place of the declared one.
        case weight(UInt32)
        /// This node could not ask, as when it has no descriptor left: nothing is known of the real server.
        case unknown
    }

    package let outcome: Outcome
    /// What happened, on one line for people: `HTTP 503 from /healthz`; at most 200 bytes, controls escaped.
    package let reason: String
    /// How long the attempt took.
    package let duration: Duration

    package init(_ outcome: Outcome, reason: String, duration: Duration) {
        self.outcome = outcome
        self.reason = reason
        self.duration = duration
    }
}
