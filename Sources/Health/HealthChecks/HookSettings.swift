/// Programs of the operator that are run when something happens to real servers.
package struct HookSettings: Hashable, Sendable {
    /// What happens.
    package enum Event: String, Hashable, Sendable, CaseIterable {
        /// A check has taken a real server out.
        case realServerDown
        /// All checks of a real server that was down are well again.
        case realServerUp
        case quorumLost
        case quorumGained
    }

    /// For each event the absolute path of a program, then its arguments.
    package var commands: [Event: [String]]
    /// The user that they run as; `nil` for the checker's, which is never root.
    package var user: String?
    /// A program that takes longer is killed.
    package var timeout: Duration

    package static let standardTimeout = Duration.seconds(10)

    package init(commands: [Event: [String]] = [:], user: String? = nil, timeout: Duration = standardTimeout) {
        self.commands = commands
        self.user = user
        self.timeout = timeout
    }
}

/// What became of events for which there is a program.
package struct HookFigures: Hashable, Sendable {
    package var done: UInt64 = 0
    package var failed: UInt64 = 0
    package var dropped: UInt64 = 0

    package init() {}
}
