internal import Glibc
package import LoadBalancing
internal import Netlink
package import Reconcile

/// Makes the kernel equal to what is declared: look, plan, note in the ledger, apply; and again where others interfered.
///
/// The ledger is read once and kept: who synchronises holds the lock for as long as this object lives.
package final class Synchronizer {
    private let table: any VirtualServerTable
    private let store: LedgerStore
    /// What holds from the next sync on.
    package var policy: ReconcilePolicy
    private let now: () -> UInt64
    private var record: LedgerRecord?

    /// How often a sync begins again because something else changed the tables meanwhile.
    package static let maximumRounds = 3
    /// Real servers that surely fit one answer of a dump, and so were seen at one moment.
    private static let atomicDump = 64

    /// - Parameter now: Seconds on the clock of the ledger's drains.
    package init(
        table: any VirtualServerTable, store: LedgerStore, policy: ReconcilePolicy,
        now: @escaping () -> UInt64 = { BootClock().seconds }
    ) {
        self.table = table
        self.store = store
        self.policy = policy
        self.now = now
    }

    /// Takes the lock for the rest of the run; previews need none.
    package func lock(waitingAtMost seconds: Int) throws(SyncError) -> RunLock {
        try attempt { () throws(StateError) in try store.lock(waitingAtMost: seconds) }
    }

    /// What a sync would do; nothing is changed or written.
    package func preview(_ desired: DesiredState) throws(SyncError) -> SyncReport {
        var report = SyncReport()
        let loaded = try load(&report)
        let plan = try plan(desired, loaded.ledger, &report)
        report.note(plan)
        report.settle(plan, [])
        return report
    }

    /// Makes the kernel equal to what is declared.
    package func synchronize(_ desired: DesiredState) throws(SyncError) -> SyncReport {
        try run { (ledger, report) throws(SyncError) in Draft(try plan(desired, ledger, &report)) } ?? SyncReport()
    }

    /// Makes some virtual servers equal to what is declared, and looks at no others.
    ///
    /// - Parameters:
    ///   - keys: The virtual servers that may have changed.
    ///   - desired: What is declared of them, sorted; those that are left out are to go.
    /// - Returns: `nil` when so much would go that only a look at everything can tell whether it may.
    package func synchronize(
        only keys: Set<VirtualServerKey>, _ desired: [DesiredVirtualServer]
    ) throws(SyncError) -> SyncReport? {
        let desired = DesiredState(virtualServers: desired)
        return try run { (ledger, report) throws(SyncError) in
            let observed = try read(&report) { () throws(NetlinkError) in
                ObservedState(virtualServers: try table.readVirtualServers(keys))
            }
            let before = ledger.part(keys, observed.virtualServers)
            let plan = try plan(desired, before, observed, &report)
            return plan.held == nil ? Draft(plan, replacing: before) : nil
        }
    }

    /// Removes what is ours at once, and nothing else.
    package func cleanUp() throws(SyncError) -> SyncReport {
        try run { (ledger, report) throws(SyncError) in
            Draft(Planner.cleanup(observed: try readState(&report), ledger: ledger))
        } ?? SyncReport()
    }

    /// What ``cleanUp()`` would do.
    package func previewCleanUp() throws(SyncError) -> SyncReport {
        var report = SyncReport()
        let loaded = try load(&report)
        let plan = Planner.cleanup(observed: try readState(&report), ledger: loaded.ledger)
        report.note(plan)
        report.settle(plan, [])
        return report
    }

    /// Plans and applies until nothing is left to do, or only what the kernel refuses.
    ///
    /// - Parameter draft: Makes the plan of a round; `nil` gives up before anything is done.
    private func run(
        _ draft: (Ledger, inout SyncReport) throws(SyncError) -> Draft?
    ) throws(SyncError) -> SyncReport? {
        var report = SyncReport()
        var record = try openRecord(&report)
        defer { self.record = record }
        for round in 1...Self.maximumRounds {
            report.rounds = round
            guard let draft = try draft(record.current, &report) else { return nil }
            let plan = draft.plan
            report.note(plan)
            record.take(plan.ledger, replacing: draft.before)
            try save(&record, &report)
            guard !plan.isEmpty else { break }
            guard let failures = try apply(plan, isLast: round == Self.maximumRounds, &report) else { continue }
            let after = plan.ledger(afterFailuresAt: Set(failures.map(\.index)))
            record.take(after, replacing: draft.before == nil ? nil : plan.ledger)
            try save(&record, &report)
            report.settle(plan, failures)
            guard failures.contains(where: \.isConflict), round < Self.maximumRounds else { break }
        }
        return report
    }

    /// The ledger, read unless it is known already.
    private func openRecord(_ report: inout SyncReport) throws(SyncError) -> LedgerRecord {
        if let record { return record }
        let loaded = try load(&report)
        if loaded.problem != nil { try attempt { () throws(StateError) in try store.setAside() } }
        return LedgerRecord(current: loaded.ledger, isSaved: loaded.problem == nil)
    }
}

// MARK: - Steps

extension Synchronizer {
    /// A plan, and the part of the ledger that it begins from; `nil` for the whole.
    private struct Draft {
        let plan: Plan
        let before: Ledger?

        init(_ plan: Plan, replacing before: Ledger? = nil) {
            self.plan = plan
            self.before = before
        }
    }

    /// The ledger, and whether its file says the same.
    private struct LedgerRecord {
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

    private func load(_ report: inout SyncReport) throws(SyncError) -> LedgerStore.Loaded {
        let loaded = try attempt { () throws(StateError) in try store.load() }
        report.ledgerProblem = loaded.problem
        return loaded
    }

    private func save(_ record: inout LedgerRecord, _ report: inout SyncReport) throws(SyncError) {
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

    private func readState(_ report: inout SyncReport) throws(SyncError) -> ObservedState {
        try read(&report) { () throws(NetlinkError) in try table.readState(statistics: false) }
    }

    private func plan(
        _ desired: DesiredState, _ ledger: Ledger, _ report: inout SyncReport
    ) throws(SyncError) -> Plan {
        try plan(desired, ledger, try readState(&report), &report)
    }

    private func plan(
        _ desired: DesiredState, _ ledger: Ledger, _ observed: ObservedState, _ report: inout SyncReport
    ) throws(SyncError) -> Plan {
        let started = ContinuousClock.now
        defer { report.timings.plan += started.duration(to: .now) }
        var observed = observed
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
    private func apply(
        _ plan: Plan, isLast: Bool, _ report: inout SyncReport
    ) throws(SyncError) -> [OperationFailure]? {
        let started = ContinuousClock.now
        defer { report.timings.apply += started.duration(to: .now) }
        do throws(NetlinkError) {
            let failures = try table.apply(plan.changes.map(\.operation))
            report.operations += plan.changes.count
            return failures.filter { !$0.isDone }
        } catch {
            guard !isLast, error.kind == .answersLost || error.kind == .timedOut else { throw .kernel(error) }
            return nil
        }
    }

    private func attempt<Value: ~Copyable>(
        _ work: () throws(StateError) -> Value
    ) throws(SyncError) -> Value {
        do throws(StateError) {
            return try work()
        } catch {
            throw .state(error)
        }
    }
}
