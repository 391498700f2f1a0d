internal import CSystem
internal import Glibc
internal import Programs

/// The process that asks the real servers: it has no right to change anything, and reads what strangers answer.
package enum Checker {
    /// Attempts under way at a time.
    private static let mostSockets = 16_000
    private static let mostPrograms = 32

    /// Whether an agent is at descriptor 3.
    package static var hasAgent: Bool {
        var type: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(CheckerLaunch.descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == 0
            && type == SOCK_SEQPACKET.rawValue
    }

    /// Runs the checks that the agent on the other end of descriptor 3 sends, until that has gone.
    ///
    /// - Parameters:
    ///   - user: As whom; `nil` for the checker's own user.
    ///   - startsPrograms: Whether it may start any.
    ///   - avoidsRoot: Whether it is root only where that is the named user.
    ///   - setsMarks: Whether it has to set firewall marks.
    ///   - pings: Whether it has to send echo requests.
    /// - Returns: The status to exit with.
    package static func run(
        user: String?, startsPrograms: Bool, avoidsRoot: Bool = false, setsMarks: Bool, pings: Bool
    ) -> Int32 {
        let agent = AgentLine(MessageSocket(Descriptor(CheckerLaunch.descriptor)))
        var needs: CheckerNeeds = []
        if setsMarks { needs.insert(.marks) }
        if pings { needs.insert(.ping) }
        do throws(CheckerError) {
            try Confinement(user: user, startsPrograms: startsPrograms, avoidsRoot: avoidsRoot, needs: needs).enter()
            let engine = try Engine(agent, mostAttempts: startsPrograms ? mostPrograms : mostSockets)
            agent.send(.beat(CheckerFigures()))
            engine.run()
            return EXIT_SUCCESS
        } catch {
            agent.send(.trouble(Reason.line(error.description)))
            return EXIT_FAILURE
        }
    }
}
