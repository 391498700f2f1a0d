internal import Agent
internal import ArgumentParser
internal import Configuration
internal import Files
internal import HealthChecks
internal import IPVS
internal import Presentation
internal import Reconcile
internal import Telemetry

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Make the kernel's tables equal to the configuration (the default command).",
        discussion: """
            Reads everything first: with one error in any file, nothing is changed. Virtual
            servers that ipvsync neither made nor finds declared are never touched. A
            declared one that exists is taken over.

            A real server that is declared no more and has connections is drained: it gets
            weight 0, and is removed once it is idle or its drain timeout is over. With
            --once, run it again to finish drains.

            Without --once it stays: it follows the API server, looks at drains every few
            seconds and at the whole table every --sync-interval. Files that change are
            read again, as on SIGHUP; SIGTERM ends it and leaves the table.

            EXAMPLES:
              ipvsync --once
              ipvsync --once --config web.yaml --config dns.yaml
              ipvsync --once --dry-run
              ipvsync --in-cluster --node n1
              ipvsync --kubeconfig /etc/ipvsync/kubeconfig --config /etc/ipvsync
              ipvsync --once --manifests /srv/cluster --node n1
              kubectl get configmap lb -o jsonpath='{.data.lb\\.yaml}' \\
                  | ipvsync --once --config -

            \(HelpFile.help(.configuration, .ledger, .record, .health, .overrides, .lock, .socket, .settings, .nft))

            \(HelpPorts.help)

            \(sample)

            \(ExitStatus.help([.failed, .invalidConfiguration, .notPermitted, .noIPVS, .removalsHeld]))
            """)

    private static let sample = HelpText.sample(
        """
        {"changes": [{"action": "remove", "virtualServer": "tcp 192.0.2.1:80"}, …],
         "adopted": [], "foreign": [], "draining": [], "failures": [],
         "rounds": 1, "operations": 1, "seconds": {"plan": 0.001, "sync": 0.012, …}}
        """)

    @Flag(help: "Make the tables right once, and end.")
    var once = false

    @Flag(name: .long, help: "Only say what would be done, as 'plan' does.")
    var dryRun = false

    @Flag(name: .shortAndLong, help: "Leave out the changes: print nothing but errors, or with --output the totals.")
    var quiet = false

    @OptionGroup var source: SourceOptions
    @OptionGroup var sync: SyncOptions
    @OptionGroup var state: NodeStateOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Options of a run that stays") var agent: AgentOptions

    /// Seconds that a run waits for another one to end.
    static let lockPatience = 60

    /// How long a log that is not read may hold up the end.
    private static let logPatience = Duration.seconds(1)

    func run() throws {
        if dryRun {
            _ = try PlanCommand.preview(source, sync, state, output)
            return
        }
        guard once else { return try stay() }
        try Failures.endWithStatus {
            let started = ContinuousClock.now
            let store = try state.store()
            var declared = try source.load()
            store.apply(to: &declared)
            let parsing = started.duration(to: .now)
            let node = try NodeSynchronizer(declared.configuration, sync, state)
            var hasWaited = false
            let lock = try node.synchronizer.lock(waitingAtMost: Self.lockPatience) {
                hasWaited = true
                Self.tellOfWaiting()
            }
            // While another one was at work, what is declared may have become otherwise.
            if hasWaited, !source.readsStandardInput {
                declared = try source.load()
                store.apply(to: &declared)
                node.synchronizer.policy = sync.policy(declared.configuration)
            }
            var report = try node.synchronize(declared.configuration.desired, declared.demand)
            _ = consume lock
            report.timings.parse = parsing
            try report.finish(output, quiet: quiet)
        }
    }

    private static func tellOfWaiting() {
        StandardStreams.complain(
            "another ipvsync is at work in this network namespace: waiting for its end, for \(lockPatience) s at most")
    }

    /// Stays, and follows what is declared.
    private func stay() throws {
        Allocator.shareFreedMemory()
        Signals.ignoreBrokenPipes()
        Signals.holdReloads()
        if !agent.coreDumps { ProcessProtection.keepMemoryPrivate() }
        try Failures.endWithStatus {
            defer { LogWriter.standardError.flush(within: Self.logPatience) }
            // Before the first reading, lest a change after it go unseen.
            var files = FileWatch(source.filePaths)
            var declared = try source.loadFiles()
            let store = try state.store()
            let synchronizer = Synchronizer(
                table: try IPVSClient.opened(), store: PatientLedger(store), policy: sync.policy(declared.configuration)
            )
            synchronizer.shelter = state.shelter
            let lock = try synchronizer.lock(waitingAtMost: Self.lockPatience) { Self.tellOfWaiting() }
            // While another one was at work, what is declared may have become otherwise.
            if files.hasChanged() {
                declared = try source.loadFiles()
                synchronizer.policy = sync.policy(declared.configuration)
            }
            try NodeAgent(self, declared, files, synchronizer, store).run()
            _ = consume lock
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
        let networkFailures = network?.failures ?? []
        for failure in networkFailures { StandardStreams.complain(failure.description) }
        if !failures.isEmpty || !networkFailures.isEmpty { throw ExitStatus.failed.code }
        if plan.held != nil { throw ExitStatus.removalsHeld.code }
    }
}

extension LedgerStore {
    /// Takes what the agent knows of real servers, or knew last, and what is said by hand into account; says so when
    /// checks are declared and nothing is known.
    ///
    /// - Returns: The overrides by hand that count.
    @discardableResult
    func apply(to declared: inout Declaration) -> Overrides {
        let (overrides, problem) = overrides.load()
        if let problem { StandardStreams.complain(problem.description) }
        return declared.apply(recollection(for: declared), overrides)
    }

    private func recollection(for declared: Declaration) -> Recollection {
        guard !declared.configuration.health.isEmpty else { return Recollection() }
        let (recollection, problem, isKnown) = verdicts.load()
        if let problem { StandardStreams.complain(problem.description) }
        if !isKnown { StandardStreams.complain("no agent has checked the real servers: all of them count as up") }
        return recollection
    }
}
