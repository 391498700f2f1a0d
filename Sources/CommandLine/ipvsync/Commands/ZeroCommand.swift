internal import ArgumentParser
internal import IPVS
internal import LoadBalancing

struct ZeroCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zero",
        abstract: "Set the counters of virtual servers back to zero.",
        discussion: """
            Without a virtual server, all counters of the namespace are zeroed, foreign
            ones too.

            EXAMPLES:
              ipvsync zero
              ipvsync zero 'tcp 10.0.0.1:80' 'fwmark 7'

            \(ExitStatus.help([.failed, .notPermitted, .noIPVS], exits))
            """)

    private static let exits: [ExitStatus: String] = [
        .failed: "there is no such virtual server, or the kernel refused"
    ]

    @Argument(help: "A virtual server as 'show' names it: 'tcp 10.0.0.1:80', 'fwmark 7', 'fwmark 7 ipv6'.")
    var virtualServers: [VirtualServerKey] = []

    func run() throws {
        try Failures.endWithStatus {
            let client = try IPVSClient()
            if virtualServers.isEmpty { try client.zeroCounters() }
            for key in virtualServers { try client.zeroCounters(of: key) }
        }
    }
}

extension VirtualServerKey: ExpressibleByArgument {
    /// Reads what `show` prints.
    package init?(argument: String) { self.init(argument) }
}
