internal import Agent
internal import ArgumentParser
internal import IPVS
internal import Presentation
internal import Reconcile

struct CleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Remove everything that ipvsync made, and nothing else.",
        discussion: """
            Its virtual servers and sync daemons, its device with the addresses, its
            nftables table; kernel settings get the values back that they had. Connections
            end at once. What is foreign stays as it is.

            EXAMPLES:
              ipvsync cleanup --dry-run
              ipvsync cleanup

            \(HelpFile.help(.ledger, .record, .lock, .settings, .nft))

            \(sample)

            \(ExitStatus.help([.failed, .notPermitted, .noIPVS]))
            """)

    private static let sample = HelpText.sample(
        """
        {"changes": [{"action": "remove", "virtualServer": "tcp 192.0.2.1:80"}, …],
         "adopted": [], "foreign": [], "draining": [], "failures": [],
         "rounds": 1, "operations": 1, "seconds": {"plan": 0.001, "sync": 0.012, …}}
        """)

    @Flag(name: .long, help: "Only say what would be removed.")
    var dryRun = false

    @OptionGroup var state: NodeStateOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try Failures.endWithStatus {
            let store = try state.store()
            let synchronizer = Synchronizer(table: try IPVSClient.opened(), store: store, policy: ReconcilePolicy())
            let node = NodeSynchronizer(synchronizer, try state.keeper())
            guard !dryRun else {
                let report = try node.previewCleanUp()
                output.print(PlanView(report, names: report.plan.ledger, isPreview: true))
                return
            }
            let lock = try synchronizer.lock(waitingAtMost: RunCommand.lockPatience)
            let report = try node.cleanUp()
            _ = consume lock
            try report.finish(output)
        }
    }
}
