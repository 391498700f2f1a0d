internal import LoadBalancing
internal import Netlink
internal import Reconcile

extension Synchronizer {
    /// Real servers that surely fit one answer of a dump, and so were seen at one moment.
    private static let atomicDump = 64

    /// A plan with what it was made of.
    struct Draft {
        let plan: Plan
        let observed: ObservedState
        /// The part of the ledger that it begins from, and the virtual servers that were looked at; `nil` for all.
        let before: Ledger?
        let keys: Set<VirtualServerKey>?

        init(
            _ plan: Plan, _ observed: ObservedState, replacing before: Ledger? = nil,
            keys: Set<VirtualServerKey>? = nil
        ) {
            self.plan = plan
            self.observed = observed
            self.before = before
            self.keys = keys
        }
    }

    /// The ledger, and whether its file says the same.
    struct LedgerRecord {
        private(set) var current: Ledger
        var isSaved: Bool

        init(current: Ledger, isSaved: Bool) {
            self.current = current
            self.isSaved = isSaved
        }

        /// Puts a new ledger in the place of the whole, or of a part.
        mutating func take(_ new: Ledger, replacing part: Ledger?) {
            guard new != part ?? current else { return }
            isSaved = false
            if let part { current.replace(part, with: new) } else { current = new }
        }
    }

    func load(_ report: inout SyncReport) throws(SyncError) -> LedgerStore.Loaded {
        let loaded = try attempt { () throws(StateError) in try store.load() }
        report.ledgerProblem = loaded.problem
        return loaded
    }

    func save(_ record: inout LedgerRecord, _ report: inout SyncReport) throws(SyncError) {
        guard !record.isSaved else { return }
        let started = ContinuousClock.now
        let ledger = record.current
        try attempt { () throws(StateError) in try store.save(ledger) }
        record.isSaved = true
        report.timings.ledger += started.duration(to: .now)
    }

    private func read(
        _ report: inout SyncReport, _ look: () throws(NetlinkError) -> ObservedState
    ) throws(SyncError) -> ObservedState {
        let started = ContinuousClock.now
        defer { report.timings.read += started.duration(to: .now) }
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
        return Draft(try plan(desired, ledger, &observed, &report), observed)
    }

    /// A plan for some virtual servers; `nil` when only a plan for everything can tell what may go.
    ///
    /// - Parameter withSettings: Whether timeouts and synchronisation daemons are looked at too.
    func draft(
        of keys: Set<VirtualServerKey>, _ desired: DesiredState, withSettings: Bool = false, _ ledger: Ledger,
        _ report: inout SyncReport
    ) throws(SyncError) -> Draft? {
        var observed = try read(&report) { () throws(NetlinkError) in
            var observed = withSettings ? try table.readSettings() : ObservedState()
            observed.virtualServers = try table.readVirtualServers(keys)
            return observed
        }
        let before = ledger.part(keys, observed.virtualServers, withSettings: withSettings)
        let plan = try plan(desired, before, &observed, &report)
        return plan.held == nil ? Draft(plan, observed, replacing: before, keys: keys) : nil
    }

    private func plan(
        _ desired: DesiredState, _ ledger: Ledger, _ observed: inout ObservedState, _ report: inout SyncReport
    ) throws(SyncError) -> Plan {
        let started = ContinuousClock.now
        defer { report.timings.plan += started.duration(to: .now) }
        let plan = Planner.plan(desired: desired, observed: observed, ledger: ledger, now: now(), policy: policy)
        guard try lookAgain(at: plan, &observed) else { return plan }
        return Planner.plan(desired: desired, observed: observed, ledger: ledger, now: now(), policy: policy)
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

    /// Applies a plan; `nil` when the answers were lost and the next look will show what came of it.
    func apply(
        _ plan: Plan, isLast: Bool, _ report: inout SyncReport
    ) throws(SyncError) -> [OperationFailure]? {
        let started = ContinuousClock.now
        defer { report.timings.apply += started.duration(to: .now) }
        do throws(NetlinkError) {
            let failures = try table.apply(plan.changes.map(\.operation))
            report.operations += plan.changes.count
            return failures.filter { !$0.isDone }
        } catch {
            confirmations.forget()
            guard !isLast, error.kind == .answersLost || error.kind == .timedOut else { throw .kernel(error) }
            return nil
        }
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
