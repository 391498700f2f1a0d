internal import Agent
internal import ArgumentParser
internal import Configuration
internal import DataPath
internal import Glibc
internal import IPVS
internal import KubeProxy
internal import NodeNetwork
internal import Presentation
internal import Reconcile
internal import ServiceTranslation

struct TakeoverCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takeover",
        abstract: "Take this node over from kube-proxy, and remove what it left.",
        discussion: """
            First names the addresses that kube-proxy serves for Services and this
            configuration does not: see services.externalIPs, loadBalancerIPs and
            nodeAddresses. Then makes everything that is declared, as 'run --once' does,
            with virtual servers adopted as they are. Then removes kube-proxy's chains of
            iptables and the rules that lead into them, its sets of ipset, its tables of
            nftables, virtual servers of Services that are no more, and the device
            kube-ipvs0, which with 'network.device: kube-ipvs0' becomes ipvsync's as it is;
            nothing of the kubelet's or anybody else's. Connections stay: with
            'network.firewall: false', the table inet ipvsync-tracking keeps connection
            tracking on for those that kube-proxy masqueraded or redirected, until they
            end. Where that cannot be, nothing changes unless --allow-connection-loss is
            given.

            The configuration needs 'network:', and kube-proxy must not run. An agent may:
            then it has to have made everything that is declared. What fails ends it; run
            again, it goes on. What somebody else's rules use stays, is told, and ends it
            with 1.

            EXAMPLES:
              ipvsync takeover --dry-run --in-cluster --config /etc/ipvsync
              ipvsync takeover --kubeconfig /etc/ipvsync/kubeconfig --config /etc/ipvsync

            \(HelpFile.help(.configuration, .ledger, .record, .lock, .settings, .leftovers))

            \(sample)

            \(ExitStatus.help([.failed, .invalidConfiguration, .notPermitted, .noIPVS, .removalsHeld]))
            """)

    private static let sample = HelpText.sample(
        """
        {"notServed": [{"service": "shop/web", "reason": "…"}],
         "sync": {"changes": […], …}, "tracking": null,
         "steps": [{"remove": "set", "name": "KUBE-CLUSTER-IP"}, …],
         "kept": []}
        """)

    @Flag(name: .long, help: "Only say what would be done and removed.")
    var dryRun = false

    @Flag(name: .long, help: "Go on where connections will be cut that kube-proxy masqueraded or redirected.")
    var allowConnectionLoss = false

    @OptionGroup var source: SourceOptions
    @OptionGroup var sync: SyncOptions
    @OptionGroup var state: NodeStateOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try Failures.endWithStatus {
            let declared = try source.load()
            Self.complain(ofRefused: declared.warnings)
            let configuration = declared.configuration
            guard let demand = declared.demand else {
                StandardStreams.complain(
                    "the configuration has no 'network:', so nothing would take the place of what kube-proxy made: "
                        + "add it, as 'ipvsync migrate kube-proxy' writes it")
                throw ExitStatus.invalidConfiguration.code
            }
            if demand.settings.firewall == nil {
                StandardStreams.complain(
                    "network.firewall is false: without kube-proxy's rules, nothing masquerades connections or heeds "
                        + "loadBalancerSourceRanges unless rules of your own do")
            }
            let programs = InstalledPrograms()
            Self.complain(ofUnseen: programs)
            let node = try NodeSynchronizer(configuration, sync, state)
            let takeover = Takeover(
                programs: programs, devices: try VIPClient(), table: node.synchronizer.table)
            if dryRun {
                try preview(declared, demand, node, takeover)
            } else {
                try make(declared, demand, node, takeover)
            }
        }
    }

    /// Says how many of the addresses that kube-proxy serves are refused, each of which was named before.
    private static func complain(ofRefused warnings: [TranslationWarning]) {
        let count = warnings.count { $0.reason == .address && $0.kind == "Service" }
        guard count > 0 else { return }
        StandardStreams.complain(
            "kube-proxy serves \(count == 1 ? "an address" : "\(count) addresses") that ipvsync refuses, as said above; "
                + "what is the node's own is served with services.nodeAddresses: true")
    }

    private func preview(
        _ declared: Declaration, _ demand: DataPathDemand, _ node: NodeSynchronizer, _ takeover: Takeover
    ) throws {
        node.keeper?.previewsAdoption = true
        let report = try node.preview(declared.configuration.desired, demand)
        let needed = self.demand(report, demand, node)
        let isAdopted = demand.settings.adoptsDevice
        let plan =
            isAdopted
            ? try takeover.planPrograms() + takeover.planAdoption(needed) : try takeover.plan(needed)
        let hold = demand.settings.rules == nil && plan.losesTracking ? node.keeper?.previewHold() : nil
        output.print(
            TakeoverView(
                sync: view(report, isPreview: true), tracking: hold, steps: plan.steps, kept: plan.kept,
                isPreview: true, warnings: declared.warnings))
        for failure in report.network?.failures ?? [] { StandardStreams.complain(failure.description) }
        if let reason = Self.runningProxy { StandardStreams.complain(reason) }
    }

    private func make(
        _ declared: Declaration, _ demand: DataPathDemand, _ node: NodeSynchronizer, _ takeover: Takeover
    ) throws {
        let configuration = declared.configuration
        if let reason = Self.runningProxy { throw TakeoverError(reason) }
        let lock = try Self.lock(node)
        let isOurTurn = lock != nil
        // Before anything is changed: what cannot be kept has to be known first.
        var keepsTracking = demand.settings.rules == nil
        if keepsTracking { keepsTracking = try takeover.planPrograms().losesTracking }
        var hold: TrackingChange?
        if keepsTracking { hold = try node.keeper?.holdTracking(mayLose: allowConnectionLoss) }
        var done: [TakeoverStep] = []
        if demand.settings.adoptsDevice { done = try adopt(configuration, demand, node, takeover, isOurTurn) }
        let report =
            isOurTurn
            ? try node.synchronize(configuration.desired, demand)
            : try Self.finishedPreview(configuration, demand, node)
        guard report.isWithoutFailure, report.plan.held == nil else {
            StandardStreams.complain(
                "not everything that is declared could be made: nothing of kube-proxy's is removed; mend what is "
                    + "named above, and run it again")
            return try report.finish(output)
        }
        let plan = try takeover.plan(self.demand(report, demand, node))
        if keepsTracking {
            // The sync lets go of it when no connection was left at that moment.
            if let again = try node.keeper?.holdTracking(mayLose: allowConnectionLoss) { hold = again }
        }
        do {
            try takeover.carryOut(plan) { done.append($0) }
        } catch {
            show(report, hold, done, plan, isPreview: !isOurTurn)
            throw error
        }
        show(report, hold, done, plan, isPreview: !isOurTurn)
        _ = consume lock
        if !plan.kept.isEmpty { throw ExitStatus.failed.code }
    }

    /// Makes kube-proxy's device ours, once it is known that what follows can be done.
    private func adopt(
        _ configuration: Configuration, _ demand: DataPathDemand, _ node: NodeSynchronizer, _ takeover: Takeover,
        _ isOurTurn: Bool
    ) throws -> [TakeoverStep] {
        node.keeper?.previewsAdoption = true
        let preview =
            isOurTurn
            ? try node.preview(configuration.desired, demand)
            : try Self.finishedPreview(configuration, demand, node)
        guard preview.plan.held == nil else {
            throw TakeoverError("removals would be held back, for they look like a mistake: see 'ipvsync plan'")
        }
        var done: [TakeoverStep] = []
        try takeover.carryOut(try takeover.planAdoption(self.demand(preview, demand, node))) { done.append($0) }
        return done
    }

    private func show(
        _ report: SyncReport, _ hold: TrackingChange?, _ done: [TakeoverStep], _ plan: TakeoverPlan, isPreview: Bool
    ) {
        output.print(
            TakeoverView(
                sync: view(report, isPreview: isPreview), tracking: hold, steps: done, kept: plan.kept,
                isPreview: false))
    }

    private func demand(
        _ report: SyncReport, _ demand: DataPathDemand, _ node: NodeSynchronizer
    ) -> TakeoverDemand {
        TakeoverDemand(report, demand, removalGuard: node.synchronizer.policy.removalGuard)
    }

    private func view(_ report: SyncReport, isPreview: Bool) -> PlanView {
        PlanView(report, names: report.plan.ledger, isPreview: isPreview)
    }

    /// Says what of kube-proxy's cannot be found from here.
    private static func complain(ofUnseen programs: InstalledPrograms) {
        let missing = programs.missing
        if !missing.isEmpty {
            StandardStreams.complain(
                "not installed: \(missing.joined(separator: ", ")); what kube-proxy may have made with it is not looked for"
            )
        }
        guard !ProxyProcesses().seesAll else { return }
        StandardStreams.complain(
            "the node's processes cannot be seen from this container, so make sure yourself that kube-proxy is stopped")
    }

    /// Why kube-proxy stands in the way, if it does.
    private static var runningProxy: String? {
        let processes = ProxyProcesses().running()
        guard !processes.isEmpty else { return nil }
        return "kube-proxy runs here (process \(processes.map(String.init).joined(separator: ", "))): "
            + "stop it first, it would make its things anew"
    }

    /// The lock; `nil` when an agent holds it.
    private static func lock(_ node: NodeSynchronizer) throws -> RunLock? {
        do throws(SyncError) {
            return try node.synchronizer.lock(waitingAtMost: 0)
        } catch {
            guard case .state(let problem) = error, problem.kind == .locked else { throw error }
            return nil
        }
    }

    /// How often an agent is given a moment to make what is missing.
    private static let looks = 20

    /// What the agent has left to do, once nothing is missing any more.
    private static func finishedPreview(
        _ configuration: Configuration, _ demand: DataPathDemand, _ node: NodeSynchronizer
    ) throws -> SyncReport {
        var missing: [String] = []
        for look in 1...looks {
            let report = try node.preview(configuration.desired, demand)
            missing = report.missing
            if missing.isEmpty {
                guard report.plan.held == nil else {
                    throw TakeoverError(
                        "the running agent holds removals back, for they look like a mistake: see 'ipvsync plan'; if "
                            + "they are meant, widen removalGuard in its configuration, and run this again")
                }
                return report
            }
            if look < looks { usleep(500_000) }
        }
        throw TakeoverError(
            "the running agent has not made everything that is declared here; is its configuration the same? "
                + "Missing: \(missing.prefix(10).joined(separator: "; "))"
                + (missing.count > 10 ? "; and \(missing.count - 10) more" : ""))
    }
}
