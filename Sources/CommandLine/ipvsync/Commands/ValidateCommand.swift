internal import Agent
internal import ArgumentParser
internal import Configuration
internal import LoadBalancing

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check configuration files without looking at the kernel.",
        discussion: """
            Needs no rights. Every error is listed with file, line and what would be right.

            EXAMPLES:
              ipvsync validate --config web.yaml
              ipvsync validate --config conf.d
              ipvsync validate --manifests dump.json --node n1

            \(HelpFile.help(.configuration))

            \(ExitStatus.help([.failed, .invalidConfiguration], exits))
            """)

    private static let exits: [ExitStatus: String] = [
        .success: "everything is valid",
        .failed: "the API server refused, or could not be reached",
        .invalidConfiguration: "there are errors",
    ]

    @OptionGroup var source: SourceOptions

    func run() throws {
        try Failures.endWithStatus {
            let configuration = try source.load().configuration
            let virtualServers = configuration.desired.virtualServers
            let realServers = virtualServers.reduce(0) { $0 + $1.realServers.count }
            let checked = configuration.health.isEmpty ? "" : ", \(configuration.health.count) of them checked"
            StandardStreams.write(
                "The configuration is valid: \(virtualServers.count) virtual servers\(checked), "
                    + "\(realServers) real servers.\n")
        }
    }
}
