internal import ArgumentParser
internal import Configuration
internal import Migrations

struct LdirectordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ldirectord",
        abstract: "Turn ldirectord.cf into ipvsync's configuration.",
        discussion: """
            Prints the configuration on standard output, and on standard error what does
            not carry over, by line. Addresses have to be numbers: names of hosts and of
            services can come to mean something else.

            EXAMPLES:
              ipvsync migrate ldirectord /etc/ha.d/ldirectord.cf >ipvsync.yaml
              ssh lb2 cat /etc/ha.d/ldirectord.cf | ipvsync migrate ldirectord -

            \(MigrateCommand.exitHelp)
            """)

    @Argument(help: ArgumentHelp("The file, or - for standard input.", valueName: "file"), completion: .file())
    var path: String

    func run() throws {
        try Failures.endWithStatus {
            let source = path == "-" ? try SourceFile.sources(at: path)[0] : SourceFile(path: path)
            let migrated = try LdirectordConfiguration(source.contents(), file: source.name)
            StandardStreams.complain(migrated.notes.map(\.description))
            StandardStreams.write(migrated.configuration.yaml())
        }
    }
}
