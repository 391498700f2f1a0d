internal import ArgumentParser
internal import Glibc

/// The program: its subcommands, with `run` as the one that needs no name.
@main
struct IPVSync: ParsableCommand {
    static let version = "0.2.0"

    static let configuration = CommandConfiguration(
        commandName: "ipvsync",
        abstract: "Keeps the kernel's IPVS tables equal to what is declared.",
        discussion: """
            EXAMPLES:
              ipvsync --once --config /etc/ipvsync       make the kernel equal to the files
              ipvsync plan --config web.yaml             show what that would change
              ipvsync show                               the table, with owners and drains
              ipvsync status                             how the running agent is
              ipvsync watch                              traffic and changes right now
              ipvsync import >current.yaml               the table as configuration
              ipvsync doctor                             is this machine fit for it?

            \(HelpFile.help(HelpFile.allCases))

            \(HelpPorts.help)

            \(ExitStatus.help)
            """,
        version: version,
        subcommands: [
            RunCommand.self, PlanCommand.self, ShowCommand.self, StatusCommand.self, WatchCommand.self,
            ValidateCommand.self, CheckCommand.self, ImportCommand.self, ExportCommand.self, ExplainCommand.self,
            EnvCommand.self, DrainCommand.self, EnableCommand.self, WeightCommand.self, ZeroCommand.self,
            CleanupCommand.self,
            TakeoverCommand.self, DoctorCommand.self, SchemaCommand.self, MigrateCommand.self, CompletionsCommand.self,
            ZoneCommand.self, CheckerCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    static func main() {
        ProcessEnvironment.keepOnlyMeant()
        ProcessProtection.openStandardStreams()
        Allocator.keepFreedMemory()
        requireArguments()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            end(error)
        }
    }

    /// Refuses to run where the arguments cannot be read: Swift reads them from there, and has none without it, which
    /// would be the command to run for good.
    private static func requireArguments() {
        guard access("/proc/self/cmdline", R_OK) != 0 else { return }
        StandardStreams.complain("the command line cannot be read without /proc: mount -t proc proc /proc")
        Glibc.exit(ExitStatus.failed.rawValue)
    }

    /// Ends with the message of an error, or with the help: both may quote the command line.
    private static func end(_ error: any Error) -> Never {
        let status = exitCode(for: error)
        let message = HelpText.foldingUsage(of: fullMessage(for: error))
        if !message.isEmpty {
            status.isSuccess ? StandardStreams.write(message + "\n") : StandardStreams.writeError(message + "\n")
        }
        Glibc.exit(status.rawValue)
    }
}
