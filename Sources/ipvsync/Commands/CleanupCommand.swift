internal import Agent
internal import ArgumentParser
internal import IPVS
internal import Presentation
internal import Reconcile

struct CleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Remove every virtual server and sync daemon that ipvsync made, and nothing else.",
        discussion: """
            Connections through them end at once. Foreign virtual servers stay as they are.

            EXAMPLES:
              ipvsync cleanup --dry-run
              ipvsync cleanup
            """)

    @Flag(name: .long, help: "Only say what would be removed.")
    var dryRun = false

    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try Failures.endWithStatus {
            let synchronizer = Synchronizer(
                table: try IPVSClient.opened(), store: try state.store(), policy: ReconcilePolicy())
            guard !dryRun else {
                let report = try synchronizer.previewCleanUp()
                output.print(PlanView(report, names: report.plan.ledger, isPreview: true))
                return
            }
            let lock = try synchronizer.lock(waitingAtMost: RunCommand.lockPatience)
            let report = try synchronizer.cleanUp()
            _ = consume lock
            try report.finish(output)
        }
    }
}
