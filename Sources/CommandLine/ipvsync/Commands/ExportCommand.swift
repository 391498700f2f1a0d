internal import ArgumentParser
internal import Configuration
internal import IPVS
internal import LoadBalancing

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the kernel's table, or a configuration, for another program.",
        discussion: """
            The rules are those that 'ipvsadm -R' takes, thresholds included, which
            'ipvsadm -S' leaves out. What it would not take is left out; standard error
            says what and why.

            EXAMPLES:
              ipvsync export --format ipvsadm >/etc/ipvsadm.rules
              ipvsync export --format ipvsadm --config web.yaml | ipvsadm -R

            \(ExitStatus.help([.failed, .invalidConfiguration, .notPermitted, .noIPVS]))
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument {
        /// What `ipvsadm -R` reads.
        case ipvsadm
    }

    @Option(help: "The form: ipvsadm.")
    var format: Format = .ipvsadm

    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp("Configuration to print instead of the kernel's table; may be repeated.", valueName: "path"),
        completion: .file())
    var paths: [String] = []

    /// How many lines standard error has of what is left out.
    private static let shownLines = 100

    func run() throws {
        try Failures.endWithStatus {
            let export = paths.isEmpty ? try ofKernel() : IpvsadmExport(try Configuration.load(paths: paths).desired)
            StandardStreams.write(export.rules)
            StandardStreams.complain(export.notes, limit: Self.shownLines)
        }
    }

    private func ofKernel() throws -> IpvsadmExport {
        let observed = try IPVSClient.opened().state()
        var state = DesiredState(observed)
        // The kernel always has timeouts: they are no loss.
        state.timeouts = nil
        return IpvsadmExport(state)
    }
}
