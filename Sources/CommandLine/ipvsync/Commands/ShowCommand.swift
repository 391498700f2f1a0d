internal import Agent
internal import ArgumentParser
internal import IPVS
internal import LoadBalancing
internal import Presentation

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the kernel's table with owners, names, connections and drains.",
        discussion: """
            Addresses and ports are always numbers. Foreign virtual servers are those that
            ipvsync neither made nor took over.

            EXAMPLES:
              ipvsync show
              ipvsync show --stats 'tcp 10.0.0.1:80'
              ipvsync show --rates --output json

            \(HelpFile.help(.ledger, .socket))

            \(sample)

            \(ExitStatus.help([.failed, .notPermitted, .noIPVS], exits))
            """)

    private static let sample = HelpText.sample(
        """
        {"virtualServers": [{"virtualServer": "tcp 192.0.2.1:80",
           "owner": "ipvsync", "scheduler": "wlc", "name": "web", …,
           "realServers": [{"realServer": "198.51.100.1:80", "weight": 1,
            "activeConnections": 3, …}]}],
         "timeouts": {"tcp": 900, "tcpFin": 120, "udp": 300}, "syncDaemons": []}
        """)

    private static let exits: [ExitStatus: String] = [
        .failed: "there is no such virtual server, or the kernel refused to answer"
    ]

    @Argument(help: "Only these virtual servers: 'tcp 10.0.0.1:80', 'fwmark 7'.")
    var virtualServers: [VirtualServerKey] = []

    @Flag(help: "Show connections, packets and bytes since the counters were zeroed.")
    var stats = false

    @Flag(help: "Show connections, packets and bytes per second.")
    var rates = false

    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard !(stats && rates) else { throw ValidationError("choose one of --stats and --rates") }
    }

    func run() throws {
        try Failures.endWithStatus {
            var observed = try IPVSClient.opened().state(statistics: stats || rates || output.format != .text)
            if !virtualServers.isEmpty {
                observed.virtualServers.removeAll { !virtualServers.contains($0.key) }
            }
            let store = try state.store()
            let loaded = try store.load()
            if let problem = loaded.problem { StandardStreams.complain(problem.description) }
            let status = status(store)
            output.print(
                TableView(
                    observed, ledger: loaded.ledger, now: BootClock().seconds,
                    figures: stats ? .totals : rates ? .rates : .connections,
                    checks: status?.realServerChecks.rows ?? [], weights: status?.weights ?? []))
            let missing = virtualServers.filter { key in !observed.virtualServers.contains { $0.key == key } }
            for key in missing {
                StandardStreams.complain("there is no virtual server \(key): 'ipvsync show' lists them all")
            }
            if !missing.isEmpty { throw ExitStatus.failed.code }
        }
    }

    /// What an agent says of real servers; `nil` without one.
    private func status(_ store: LedgerStore) -> AgentStatus? {
        do throws(AgentProblem) {
            return AgentStatus(try AgentClient(store).answer())
        } catch {
            return nil
        }
    }
}
