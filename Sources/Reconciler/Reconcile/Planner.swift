package import LoadBalancing

/// Compares what is declared with what the kernel has, and says what to do about it. Pure and deterministic.
package struct Planner {
    let ledger: Ledger
    let policy: ReconcilePolicy
    private let clock: () -> UInt64
    /// Seconds from boot: looked at once, and only if something drains.
    lazy var now = clock()
    var plan = Plan()
    var steps = Steps()
    var leaving = Leaving()
    /// How many real servers may still be moved.
    var movesLeft: Int

    /// - Parameters:
    ///   - now: Seconds on the clock that counts from boot, as in the ledger's drains.
    package static func plan(
        desired: DesiredState, observed: ObservedState, ledger: Ledger, now: @autoclosure @escaping () -> UInt64,
        policy: ReconcilePolicy = ReconcilePolicy()
    ) -> Plan {
        var planner = Planner(ledger: ledger, policy: policy, clock: now)
        planner.plan.ledger.virtualServers.reserveCapacity(desired.virtualServers.count)
        planner.planTimeouts(desired.timeouts, observed.timeouts)
        planner.planVirtualServers(desired.virtualServers, observed.virtualServers)
        planner.planRemovals()
        planner.planSyncDaemons(desired.syncDaemons, observed.syncDaemons)
        return planner.finished()
    }

    /// A plan that removes what is ours at once and leaves everything else alone.
    package static func cleanup(observed: ObservedState, ledger: Ledger) -> Plan {
        let policy = ReconcilePolicy(drainTimeout: 0, removalGuard: nil)
        var immediate = ledger
        for key in ledger.virtualServers.keys { immediate.virtualServers[key]?.drainTimeout = nil }
        return plan(desired: DesiredState(), observed: observed, ledger: immediate, now: 0, policy: policy)
    }

    /// The changes by the step in which they are made: additions first, so that nothing is ever empty on the way.
    struct Steps {
        var settings: [Change] = []
        var virtualServers: [Change] = []
        var newRealServers: [Change] = []
        var editedRealServers: [Change] = []
        /// Those that get weight 0, once others of their virtual server have got theirs.
        var quietedRealServers: [Change] = []
        var drains: [Change] = []
        var removedRealServers: [Change] = []
        var removedVirtualServers: [Change] = []
        var syncDaemons: [Change] = []

        /// Takes all of them, in their order.
        ///
        /// A first sync is hardly anything but new real servers. Those, the bulk of such a plan, are not copied.
        mutating func takeOrdered() -> [Change] {
            let before = settings + virtualServers
            let after = [
                editedRealServers, quietedRealServers, drains, removedRealServers, removedVirtualServers, syncDaemons,
            ]
            var changes: [Change] = []
            swap(&changes, &newRealServers)
            let count = before.count + changes.count + after.reduce(0) { $0 + $1.count }
            if changes.capacity < count { changes.reserveCapacity(count) }
            changes.insert(contentsOf: before, at: 0)
            for step in after { changes += step }
            return changes
        }
    }

    private init(ledger: Ledger, policy: ReconcilePolicy, clock: @escaping () -> UInt64) {
        self.ledger = ledger
        self.policy = policy
        self.clock = clock
        movesLeft = policy.movesAtOnce
    }

    private mutating func finished() -> Plan {
        plan.changes = steps.takeOrdered()
        plan.drains.sort { $0.key < $1.key }
        return plan
    }

    private mutating func planTimeouts(_ desired: ConnectionTimeouts?, _ observed: ConnectionTimeouts) {
        guard let desired else { return }
        let differing = ConnectionTimeouts(
            tcp: desired.tcp == observed.tcp ? nil : desired.tcp,
            tcpFin: desired.tcpFin == observed.tcpFin ? nil : desired.tcpFin,
            udp: desired.udp == observed.udp ? nil : desired.udp)
        guard differing != ConnectionTimeouts() else { return }
        steps.settings.append(
            Change(.edit, .setTimeouts(differing), fields: FieldChange.between(observed, differing)))
    }
}

extension Planner {
    /// A declared role runs as declared, whoever started it; an undeclared one is stopped if it is ours.
    mutating func planSyncDaemons(_ desired: [SyncDaemon]?, _ observed: [SyncDaemon]) {
        for role in SyncDaemon.Role.allCases {
            let wanted = desired?.first { $0.role == role }
            let running = observed.first { $0.role == role }
            let isOurs = ledger.syncDaemons.contains(role)
            if wanted != nil || running != nil && isOurs { plan.ledger.syncDaemons.insert(role) }
            if let running, let wanted, wanted.isSatisfied(by: running) { continue }
            if let running, wanted != nil || desired != nil || isOurs {
                steps.syncDaemons.append(Change(.remove, .stopSyncDaemon(running)))
            }
            if let wanted { steps.syncDaemons.append(Change(.add, .startSyncDaemon(wanted))) }
        }
    }
}
