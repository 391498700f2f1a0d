internal import Agent
internal import ArgumentParser
internal import Configuration
internal import IPVS
internal import Presentation
internal import Reconcile

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Make the kernel's tables equal to the configuration (the default command).",
        discussion: """
            Reads everything first: with one error in any file, nothing is changed. Virtual servers that ipvsync
            neither made nor finds declared are never touched. A declared one that exists is taken over.

            A real server that is declared no more and has connections is drained: it gets weight 0, and a later run
            removes it once it is idle or its drain timeout is over. With --once, run it again to finish drains.

            EXAMPLES:
              ipvsync --once
              ipvsync --once --config web.yaml --config dns.yaml
              ipvsync --once --dry-run
              ipvsync --once --manifests /srv/cluster --node n1
              kubectl get configmap lb -o jsonpath='{.data.lb\\.yaml}' | ipvsync --once --config -

            \(ExitStatus.help)
            """)

    @Flag(help: "Make the tables right once, and end.")
    var once = false

    @Flag(name: .long, help: "Only say what would be done, as 'plan' does.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Leave out the changes: print nothing but errors, or with --output the totals.")
    var quiet = false

    @OptionGroup var source: SourceOptions
    @OptionGroup var sync: SyncOptions
    @OptionGroup var state: StateOptions
    @OptionGroup var output: OutputOptions

    /// Seconds that a run waits for another one to end.
    static let lockPatience = 60

    func validate() throws {
        guard once || dryRun else {
            throw ValidationError("ipvsync does not stay running yet: add --once, and run it again when files change")
        }
    }

    func run() throws {
        if dryRun {
            _ = try PlanCommand.preview(source, sync, state, output)
            return
        }
        try Failures.endWithStatus {
            let started = ContinuousClock.now
            let configuration = try source.load()
            let parsing = started.duration(to: .now)
            let synchronizer = Synchronizer(
                table: try IPVSClient.opened(), store: try state.store(), policy: sync.policy(configuration.settings))
            let lock = try synchronizer.lock(waitingAtMost: Self.lockPatience)
            var report = try synchronizer.synchronize(configuration.desired)
            _ = consume lock
            report.timings.parse = parsing
            try report.finish(output, quiet: quiet)
        }
    }
}

extension SyncReport {
    /// Prints what was done, complains of what was not, and ends with the status for it.
    func finish(_ output: OutputOptions, quiet: Bool = false) throws {
        if !quiet || output.format != .text {
            output.print(PlanView(self, names: plan.ledger, isPreview: false, showsChanges: !quiet))
        }
        if let ledgerProblem { StandardStreams.complain(ledgerProblem.description) }
        for failure in failures { StandardStreams.complain(failure.description) }
        if !failures.isEmpty { throw ExitStatus.failed.code }
        if plan.held != nil { throw ExitStatus.removalsHeld.code }
    }
}
