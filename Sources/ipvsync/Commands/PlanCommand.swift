internal import Agent
internal import ArgumentParser
internal import Configuration
internal import IPVS
internal import Presentation
internal import Reconcile

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what a run would change, and change nothing.",
        discussion: """
            Ends with 0 when there is nothing to do and with 2 when there is.

              +  added      ~  edited in place      v  drained (weight 0)
              -  removed    ^  revived from a drain

            EXAMPLES:
              ipvsync plan --config web.yaml
              ipvsync plan --output json | jq '.changes[] | select(.action == "remove")'

            \(ExitStatus.help)
            """)

    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup var sync: SyncOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let report = try Self.preview(configuration, sync, state, output)
        if !report.plan.isEmpty || report.plan.held != nil { throw ExitStatus.changesPending.code }
    }

    /// Prints the plan and returns what it was made of.
    static func preview(
        _ configuration: ConfigurationOptions, _ sync: SyncOptions, _ state: StateOptions, _ output: OutputOptions
    ) throws -> SyncReport {
        try Failures.endWithStatus {
            let configuration = try configuration.load()
            let synchronizer = Synchronizer(
                table: try IPVSClient.opened(), store: try state.store(), policy: sync.policy(configuration.settings))
            let report = try synchronizer.preview(configuration.desired)
            output.print(PlanView(report, names: report.plan.ledger, isPreview: true))
            if let problem = report.ledgerProblem { StandardStreams.complain(problem.description) }
            return report
        }
    }
}
