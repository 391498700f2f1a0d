internal import LoadBalancing
internal import Netlink
internal import Reconcile

extension Synchronizer {
    /// Real servers that surely fit one answer of a dump, and so were seen at one moment.
    private static let atomicDump = 64

    /// A plan with what it was made of.
    struct Draft {
        let plan: Plan
        let desired: [DesiredVirtualServer]
        let observed: ObservedState
        /// The part of the ledger that it begins from; `nil` for the whole.
        let before: Ledger?
        /// The virtual servers that were looked at, others being known; `nil` for all.
        let looked: Set<VirtualServerKey>?

        func wasLookedAt(_ key: VirtualServerKey) -> Bool { looked?.contains(key) ?? true }
    }

    func load(_ report: inout SyncReport) throws(SyncError) -> LedgerStore.Loaded {
        let loaded = try attempt { () throws(StateError) in try store.load() }
        report.ledgerProblem = loaded.problem
        return loaded
    }

    func save(_ record: inout LedgerRecord, _ report: inout SyncReport) throws(SyncError) {
        switch try attempt({ () throws(StateError) in try record.save(in: store) }) {
        case .notNeeded: return
        case .done: report.isLedgerLate = false
        case .late: report.isLedgerLate = true
        }
        report.end(\.ledger)
    }

    private func read(
        _ report: inout SyncReport, _ look: () throws(NetlinkError) -> ObservedState
    ) throws(SyncError) -> ObservedState {
        defer { report.end(\.read) }
        do throws(NetlinkError) {
            return try look()
        } catch {
            throw .kernel(error)
        }
    }

    func readState(_ report: inout SyncReport) throws(SyncError) -> ObservedState {
        try read(&report) { () throws(NetlinkError) in try table.readState(statistics: false) }
    }

    /// A plan for everything.
    func draft(
        _ desired: DesiredState, _ ledger: Ledger, _ report: inout SyncReport
    ) throws(SyncError) -> Draft {
        var observed = try readState(&report)
        try findSkipped(desired, ledger, &observed, &report)
        let plan = try plan(desired, ledger, &observed, &report)
        return Draft(plan: plan, desired: desired.virtualServers, observed: observed, before: nil, looked: nil)
    }

    /// Looks for virtual servers of ours that are wanted no more and that the dump does not show: it can skip entries under
    /// concurrent change, and what was taken for gone would count as foreign from then on.
    private func findSkipped(
        _ desired: DesiredState, _ ledger: Ledger, _ observed: inout ObservedState, _ report: inout SyncReport
    ) throws(SyncError) {
        guard observed.virtualServers.count(where: { ledger.owns($0.key) }) < ledger.virtualServers.count else {
            return
        }
        let skipped = Set(ledger.virtualServers.keys).subtracting(observed.virtualServers.lazy.map(\.key))
            .subtracting(desired.virtualServers.lazy.map(\.key))
        guard !skipped.isEmpty else { return }
        let found = try read(&report) { () throws(NetlinkError) in
            ObservedState(virtualServers: try table.readVirtualServers(skipped))
        }
        guard !found.virtualServers.isEmpty else { return }
        observed.virtualServers = (observed.virtualServers + found.virtualServers).sorted { $0.key < $1.key }
    }

    /// A plan for some virtual servers; `nil` when only a plan for everything can tell what may go.
    ///
    /// - Parameters:
    ///   - trusting: Whether virtual servers that were left as they were declared are not looked at.
    ///   - withSettings: Whether timeouts and synchronisation daemons are looked at too.
    func draft(
        of keys: Set<VirtualServerKey>, _ desired: DesiredState, trusting: Bool = false, withSettings: Bool = false,
        _ ledger: Ledger, _ report: inout SyncReport
    ) throws(SyncError) -> Draft? {
        let known = trusting ? confirmations.settled(of: desired.virtualServers) : []
        let unknown = keys.subtracting(known.lazy.map(\.key))
        var observed = ObservedState(virtualServers: known)
        if !unknown.isEmpty || withSettings {
            observed = try read(&report) { () throws(NetlinkError) in
                var observed = withSettings ? try table.readSettings() : ObservedState()
                observed.virtualServers = (try table.readVirtualServers(unknown) + known).sorted { $0.key < $1.key }
                return observed
            }
        }
        let before = ledger.part(keys, withSettings: withSettings)
        let plan = try plan(desired, before, &observed, &report)
        guard plan.held == nil else { return nil }
        return Draft(
            plan: plan, desired: desired.virtualServers, observed: observed, before: before, looked: unknown)
    }

    private func plan(
        _ desired: DesiredState, _ ledger: Ledger, _ observed: inout ObservedState, _ report: inout SyncReport
    ) throws(SyncError) -> Plan {
        defer { report.end(\.plan) }
        let plan = Planner.plan(desired: desired, observed: observed, ledger: ledger, now: self.now(), policy: policy)
        guard try lookAgain(at: plan, &observed) else { return plan }
        return Planner.plan(desired: desired, observed: observed, ledger: ledger, now: self.now(), policy: policy)
    }

    /// Looks once more at the virtual servers that are to go, where the dump may not have shown every real server.
    ///
    /// A dump resumes by position and can skip entries under concurrent change, and an empty one is no proof of
    /// emptiness; the removal of a virtual server would cut their connections.
    ///
    /// - Returns: Whether something was seen that the dump had not shown.
    private func lookAgain(at plan: Plan, _ observed: inout ObservedState) throws(SyncError) -> Bool {
        var doubtful: Set<VirtualServerKey> = []
        for change in plan.changes {
            guard case .removeVirtualServer(let key) = change.operation else { continue }
            let count = change.droppedRealServers.count
            if count == 0 || count >= Self.atomicDump { doubtful.insert(key) }
        }
        guard !doubtful.isEmpty else { return false }
        var isDifferent = false
        for index in observed.virtualServers.indices where doubtful.contains(observed.virtualServers[index].key) {
            let key = observed.virtualServers[index].key
            do throws(NetlinkError) {
                let found = try table.readRealServers(of: key) ?? []
                isDifferent = isDifferent || found != observed.virtualServers[index].realServers
                observed.virtualServers[index].realServers = found
            } catch {
                throw .kernel(error)
            }
        }
        return isDifferent
    }

    func attempt<Value: ~Copyable>(
        _ work: () throws(StateError) -> Value
    ) throws(SyncError) -> Value {
        do throws(StateError) {
            return try work()
        } catch {
            throw .state(error)
        }
    }
}
