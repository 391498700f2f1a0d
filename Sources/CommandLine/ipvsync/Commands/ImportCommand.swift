internal import ArgumentParser
internal import Configuration
internal import IPVS
internal import LoadBalancing

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Print the kernel's table, or rules of ipvsadm, as configuration.",
        discussion: """
            'plan' with the result finds nothing to do. Foreign virtual servers are printed
            too, and become ipvsync's own once they are declared. What cannot be declared,
            such as a virtual server of another protocol, is a comment with the reason.
            Synchronisation daemons are a comment too, unless you ask for them.

            Rules mean what 'ipvsadm -R' takes them for. 'ipvsadm -S' does not write
            thresholds, nor every scheduler flag: 'ipvsync import' on the node itself,
            without --from, has everything.

            EXAMPLES:
              ipvsync import >/etc/ipvsync/current.yaml
              ipvsadm -Sn | ipvsync import --from - >web.yaml
              ipvsync import --from /etc/ipvsadm.rules >web.yaml

            \(ExitStatus.help([.failed, .invalidConfiguration, .notPermitted, .noIPVS], exits))
            """)

    private static let exits: [ExitStatus: String] = [.invalidConfiguration: "--from: not rules of ipvsadm"]

    @Option(
        help: ArgumentHelp(
            "A file that 'ipvsadm -Sn' wrote, or - for standard input, instead of the kernel.", valueName: "path"),
        completion: .file())
    var from: String?

    @Flag(help: "Declare the connection synchronisation daemons too.")
    var syncDaemons = false

    /// How many lines standard error has of what is left out.
    private static let shownLines = 100

    func run() throws {
        try Failures.endWithStatus {
            let table =
                if let from {
                    ImportedTable(try IpvsadmRules.load(from), syncDaemons: syncDaemons)
                } else {
                    ImportedTable(try IPVSClient.opened().state(), syncDaemons: syncDaemons)
                }
            StandardStreams.write(table.yaml())
            StandardStreams.complain(table.omissions + table.notes, limit: Self.shownLines)
        }
    }
}
