internal import ArgumentParser
internal import Configuration
internal import IPVS
internal import LoadBalancing

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the kernel's table, or a configuration, for another program.",
        discussion: """
            EXAMPLES:
              ipvsync export --format ipvsadm >/etc/ipvsadm.rules
              ipvsync export --format ipvsadm --config web.yaml | ipvsadm -R
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

    func run() throws {
        try Failures.endWithStatus {
            let state =
                paths.isEmpty
                ? DesiredState(try IPVSClient.opened().state())
                : try Configuration.load(paths: paths).desired
            StandardStreams.write(IpvsadmRules.render(state.virtualServers))
        }
    }
}
