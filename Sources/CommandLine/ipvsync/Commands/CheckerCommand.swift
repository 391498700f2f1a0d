internal import ArgumentParser
internal import Checker
internal import Glibc

/// The process that the agent starts for the checks of real servers.
struct CheckerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checker",
        abstract: "Run the checks of real servers that the agent at descriptor 3 sends.",
        shouldDisplay: false)

    @Option(help: "As whom.")
    var user: String?

    @Flag(help: "May start programs.")
    var commands = false

    @Flag(help: "Is root only where that is the named user.")
    var hooks = false

    @Flag(help: "Keeps what it needs for firewall marks.")
    var marks = false

    @Flag(help: "Keeps what it needs for echo requests.")
    var ping = false

    func run() throws {
        guard Checker.hasAgent else { throw ValidationError("the agent starts it, with a socket as descriptor 3") }
        let status = Checker.run(
            user: user, startsPrograms: commands, avoidsRoot: hooks, setsMarks: marks, pings: ping)
        if status != EXIT_SUCCESS { throw ExitCode(status) }
    }
}
