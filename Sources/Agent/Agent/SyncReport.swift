package import LoadBalancing
internal import NodeNetwork
package import Reconcile

/// What a sync did, or a preview would do.
package struct SyncReport: Sendable {
    /// Time spent by phase.
    package struct Timings: Hashable, Sendable {
        /// Reading the configuration, before the sync itself.
        package var parse: Duration = .zero
        package var read: Duration = .zero
        package var plan: Duration = .zero
        package var ledger: Duration = .zero
        package var apply: Duration = .zero

        /// All of it, but for the reading of the configuration.
        package var total: Duration { read + plan + ledger + apply }
    }

    /// The last plan that was made: drains, foreign virtual servers and held removals are as it found them.
    package private(set) var plan = Plan()
    /// The changes that were carried out, in order; of a preview, those that would be.
    package private(set) var changes: [Change] = []
    /// Virtual servers that became ours although they existed.
    package private(set) var adopted: [VirtualServerKey] = []
    /// What the kernel refused.
    package private(set) var failures: [SyncFailure] = []
    /// What differs from what was left, if nothing has been declared since: what others did.
    package internal(set) var drift: [Drift] = []
    /// Whether every virtual server was looked at closely.
    package internal(set) var isWhole = false
    /// How much of the table is whose, when all of it was looked at; after the changes.
    package internal(set) var counts: TableCounts?
    /// Looks that were needed: more than one when others interfered.
    package internal(set) var rounds = 0
    /// Operations that were sent.
    package internal(set) var operations = 0
    package var timings = Timings()
    /// All the time that a pass took, what is done beside IPVS included; `nil` when nothing is.
    package internal(set) var elapsed: Duration?
    /// When the kernel had taken the first changes.
    package internal(set) var effective: ContinuousClock.Instant?
    /// What was done beside IPVS; `nil` where nothing is touched.
    package internal(set) var network: DataPathReport?
    /// Whether changes were made although the ledger could not be written in time.
    package internal(set) var isLedgerLate = false
    /// Why the ledger was put aside, if it was.
    package internal(set) var ledgerProblem: StateError?

    /// When the phase that is under way began.
    private(set) var phaseStart = ContinuousClock.now

    /// Whether everything that was tried was done.
    package var isWithoutFailure: Bool { failures.isEmpty && network?.failures.isEmpty ?? true }

    /// Whether everything is as it should be already.
    package var isIdle: Bool { changes.isEmpty && network?.plan.isEmpty ?? true }

    /// Ends a phase; the next one begins. One look at the clock for both: where that is a system call, as in a guest
    /// kernel, it is no small part of a change.
    mutating func end(_ phase: WritableKeyPath<Timings, Duration>) {
        let now = ContinuousClock.now
        timings[keyPath: phase] += phaseStart.duration(to: now)
        phaseStart = now
    }

    /// Goes on after a wait, which belongs to no phase.
    mutating func resume() { phaseStart = .now }

    /// Takes note of a look and its plan.
    mutating func note(_ draft: Synchronizer.Draft) {
        note(draft.plan)
        guard draft.looked == nil else { return }
        isWhole = true
        counts = TableCounts(draft.observed.virtualServers, isOurs: draft.plan.ledger.owns)
    }

    /// Takes note of a plan that was made.
    mutating func note(_ plan: Plan) {
        self.plan = plan
        adopted += plan.adopted
    }

    /// Takes note of what came of a plan: the failures of earlier rounds are settled by the last one.
    mutating func conclude(_ plan: Plan, _ applied: Synchronizer.Applied = Synchronizer.Applied()) {
        var made = plan.changes
        let missed = applied.indices
        if !missed.isEmpty {
            made = plan.changes.indices.filter { !missed.contains($0) }.map { plan.changes[$0] }
        }
        counts?.add(made)
        // The first ones are shared with the plan, not copied.
        if changes.isEmpty { changes = made } else { changes += made }
        failures = SyncFailure.summarize(applied.failures)
    }
}

extension SyncReport {
    /// What a sync would do to a table that is not looked at but given; all of it counts as ours, and as idle.
    package init(changing table: DesiredState, to desired: DesiredState, policy: ReconcilePolicy) {
        self.init()
        let observed = ObservedState(
            virtualServers: table.virtualServers.map { server in
                ObservedVirtualServer(
                    server.virtualServer, realServers: server.realServers.map { ObservedRealServer($0) })
            }, timeouts: table.timeouts ?? ConnectionTimeouts(), syncDaemons: table.syncDaemons ?? [])
        let owned = table.virtualServers.map {
            ($0.key, Ledger.Ownership(name: $0.name, drainTimeout: $0.drainTimeout))
        }
        let ledger = Ledger(virtualServers: Dictionary(owned) { first, _ in first })
        let plan = Planner.plan(desired: desired, observed: observed, ledger: ledger, now: 0, policy: policy)
        note(plan)
        conclude(plan)
    }
}

extension SyncReport {
    /// The flows to real servers that have gone, of protocols without connections; and those that went to the address of
    /// a new virtual server before it was there, which the kernel would go on to send past it.
    func staleFlows(_ protocols: Set<TransportProtocol>) -> Set<StaleFlow> {
        var flows: Set<StaleFlow> = []
        for change in changes {
            guard case .endpoint(let transport, let virtualServer)? = change.operation.key,
                protocols.contains(transport)
            else { continue }
            var gone = change.droppedRealServers
            if case .removeRealServer(let endpoint, _) = change.operation { gone.append(endpoint) }
            if case .addVirtualServer = change.operation { gone.append(virtualServer) }
            for endpoint in gone {
                flows.insert(StaleFlow(transport, virtualServer: virtualServer, realServer: endpoint))
            }
        }
        return flows
    }
}

extension SyncReport {
    /// What has yet to be made before a node serves everything that is declared, each in words. What only has to go is
    /// not missing.
    package var missing: [String] {
        var lines: [String] = []
        for change in changes where change.kind != .drain && change.kind != .remove {
            lines.append("\(change.kind.rawValue) " + (change.operation.key?.description ?? "settings of IPVS"))
        }
        guard let network else { return lines }
        lines += network.plan.sysctls.filter { !network.restorations.contains($0) }.map(\.description)
        if network.plan.firewall != nil { lines.append("rules") }
        lines += network.plan.addresses.filter { !$0.isRemoval }.map { $0.text(device: network.plan.device) }
        return lines + network.failures.map(\.description)
    }
}

extension VIPOperation {
    fileprivate var isRemoval: Bool {
        switch self {
        case .removeAddress, .removeRoute, .removeDevice: true
        case .createDevice, .setUp, .addAddress, .addRoute: false
        }
    }
}
