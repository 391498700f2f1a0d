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

            Ends with 0 when the agent is ok or degraded, with 1 when it has failed or none
            runs in this network namespace, and with 4 when its socket may not be used.

            EXAMPLES:
              ipvsync status
              ipvsync status --output json | jq -r .health.status
              ipvsync status --output json | jq '.drains[] | select(.connections > 100)'
              ip netns exec blue ipvsync status
            """)

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
