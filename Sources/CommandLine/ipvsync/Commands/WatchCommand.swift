internal import Agent
internal import ArgumentParser
internal import IPVS
internal import LoadBalancing
internal import Presentation

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch traffic, connections, drains and changes as they are now.",
        discussion: """
            On a terminal: the agent's health, virtual servers and real servers with
            connections, packets and bytes per second, and the latest changes; q ends it.
            Elsewhere, and with --output: a line for each change, and one every interval
            for each virtual server that had traffic.

            Rates are differences of the kernel's counters over two seconds or more: the
            kernel adds them up that often. Without an agent the kernel's table is shown
            alone.

            EXAMPLES:
              ipvsync watch
              ipvsync watch --interval 5 --sort name 'tcp 10.0.0.1:80' 'tcp 10.0.0.1:443'
              ipvsync watch --output json | jq 'select(.kind == "change")'
              ipvsync watch --count 2 | cat

            \(HelpFile.help(.ledger, .socket))

            \(sample)

            \(ExitStatus.help([.failed, .notPermitted, .noIPVS]))
            """)

    private static let sample = HelpText.sample(
        """
        {"kind": "change", "time": "2026-01-31T09:00:00.000Z",
         "message": "real server added", "virtualServer": "tcp 192.0.2.1:80", …}
        {"kind": "traffic", "virtualServer": "tcp 192.0.2.1:80",
         "connectionsPerSecond": 12.5, "activeConnections": 40, …}
        """)

    @Argument(help: "Only these virtual servers: 'tcp 10.0.0.1:80', 'fwmark 7'.")
    var virtualServers: [VirtualServerKey] = []

    @Option(help: ArgumentHelp("Time between two looks, 1 to 60.", valueName: "seconds"))
    var interval = 2

    @Option(help: "The order: rate (the busiest first) or name (as 'show' lists them).")
    var sort = RateTable.Order.rate

    @Option(help: ArgumentHelp("End after so many looks.", valueName: "looks"))
    var count: Int?

    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    /// Whether there is a screen to draw on.
    private var hasScreen: Bool { output.format == .text && Terminal.outputIsScreen }

    func validate() throws {
        guard (1...60).contains(interval) else { throw ValidationError("--interval must be 1 to 60 seconds") }
        guard count ?? 1 > 0 else { throw ValidationError("--count must be 1 or more") }
    }

    func run() throws {
        try Failures.endWithStatus {
            let store = try state.store()
            let watch = TableWatch(
                client: try IPVSClient.opened(), store: store, agent: AgentClient(store), filter: virtualServers)
            let settings = WatchSettings(interval: interval, order: sort, count: count)
            if hasScreen {
                var screen = ScreenWatch(watch, settings)
                try screen.run()
            } else {
                var lines = LineWatch(watch, settings, format: output.format)
                try lines.run()
            }
        }
    }
}

extension RateTable.Order: ExpressibleByArgument {}
