internal import Agent
internal import ArgumentParser
internal import Presentation
internal import Telemetry

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Ask the running agent how it is and what it did.",
        discussion: """
            Shows health with the reasons, the sources of what is wanted, drains, what is
            held back or refused, what others changed, and the latest changes. With
            --output, all that the agent says.

            EXAMPLES:
              ipvsync status
              ipvsync status --output json | jq -r .health.status
              ipvsync status --output json | jq '.drains[] | select(.connections > 100)'
              ip netns exec blue ipvsync status

            \(HelpFile.help(.socket))

            \(sample)

            \(exitHelp)
            """)

    private static let sample = HelpText.sample(
        """
        {"health": {"status": "degraded", "ready": true,
           "checks": [{"name": "kernel", "status": "ok", "reason": ""}, …]},
         "table": {"virtualServers": 12, "realServers": 96, …},
         "drains": [{"virtualServer": "tcp 192.0.2.1:80",
           "realServer": "198.51.100.1:80", "connections": 3, …}],
         "changes": {"total": 40, "latest": […]}, …}
        """)

    private static let exitHelp = ExitStatus.help(
        [.failed, .notPermitted],
        [
            .success: "the agent is ok, or degraded",
            .failed: "the agent has failed, or none runs in this network namespace",
            .notPermitted: "its socket may not be used: only root and the agent's user may",
        ])

    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try Failures.endWithStatus {
            let status = AgentStatus(try AgentClient(try state.store()).answer())
            output.print(StatusView(status, now: WallTime.now.seconds))
            if status.hasFailed { throw ExitStatus.failed.code }
        }
    }
}
