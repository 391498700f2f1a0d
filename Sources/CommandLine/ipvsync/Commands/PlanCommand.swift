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
              ipvsync plan --manifests dump.json --node n1 --snapshot table.yaml
              ipvsync plan --output json | jq '.changes[] | select(.action == "remove")'

            \(HelpFile.help(.configuration, .ledger, .record, .health, .overrides))

            \(sample)

            \(ExitStatus.help([.failed, .changesPending, .invalidConfiguration, .notPermitted, .noIPVS], pending))
            """)

    private static let sample = HelpText.sample(
        """
        {"changes": [{"action": "edit", "virtualServer": "tcp 192.0.2.1:80",
          "fields": [{"field": "scheduler", "old": "rr", "new": "wlc"}]}, …],
         "adopted": [], "foreign": ["fwmark 7"], "draining": []}
        """)

    private static let pending: [ExitStatus: String] = [
        .changesPending: "there are changes to make, or removals held back"
    ]

    @Option(
        help: ArgumentHelp(
            "A table that 'ipvsync import' printed, instead of the kernel: needs no rights and no IPVS.",
            discussion: "All of it counts as ipvsync's own, without connections.", valueName: "path"),
        completion: .file())
    var snapshot: String?

    @OptionGroup var source: SourceOptions
    @OptionGroup var sync: SyncOptions
    @OptionGroup var state: NodeStateOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let report = try preview()
        if !report.isIdle || report.plan.held != nil { throw ExitStatus.changesPending.code }
    }

    private func preview() throws -> SyncReport {
        guard let snapshot else { return try Self.preview(source, sync, state, output) }
        return try Failures.endWithStatus {
            let configuration = try source.load(isOffline: source.cluster.node != nil).configuration
            let report = SyncReport(
                changing: try Configuration.load(paths: [snapshot]).desired, to: configuration.desired,
                policy: sync.policy(configuration))
            output.print(PlanView(report, names: report.plan.ledger, isPreview: true))
            return report
        }
    }

    /// Prints the plan and returns what it was made of.
    static func preview(
        _ source: SourceOptions, _ sync: SyncOptions, _ state: NodeStateOptions, _ output: OutputOptions
    ) throws -> SyncReport {
        try Failures.endWithStatus {
            var declared = try source.load()
            let overrides = try state.store().apply(to: &declared)
            let node = try NodeSynchronizer(declared.configuration, sync, state)
            let report = try node.preview(declared.configuration.desired, declared.demand)
            output.print(PlanView(report, names: report.plan.ledger, isPreview: true, overrides: overrides))
            if let problem = report.ledgerProblem { StandardStreams.complain(problem.description) }
            for failure in report.network?.failures ?? [] { StandardStreams.complain(failure.description) }
            return report
        }
    }
}
