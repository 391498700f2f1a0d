internal import Glibc
package import LoadBalancing
package import Reconcile

/// Makes the kernel equal to what is declared: look, plan, note in the ledger, apply; and again where others interfered.
///
/// The ledger is read once and kept: who synchronises holds the lock for as long as this object lives.
package final class Synchronizer {
    package let table: any VirtualServerTable
    let store: any LedgerKeeping
    /// What holds from the next sync on.
    package var policy: ReconcilePolicy
    let now: () -> UInt64
    private var record: LedgerRecord?
    /// Which virtual servers are ours; asked from other threads too.
    package let owned = OwnedIndex()
    /// What is known of the table without looking.
    var confirmations = Confirmations()

    /// The listing that a verification has begun to read, and how long that has taken.
    var listing: (reader: any ListingReading, duration: Duration)?

    /// What saves connections while real servers are moved; without it they are moved all the same.
    package var shelter: PacketShelter?

    /// How often a sync begins again because something else changed the tables meanwhile.
    package static let maximumRounds = 3

    /// - Parameter now: Seconds on the clock of the ledger's drains.
    package init(
        table: any VirtualServerTable, store: any LedgerKeeping, policy: ReconcilePolicy,
        now: @escaping () -> UInt64 = { BootClock().seconds }
    ) {
        self.table = table
        self.store = store
        self.policy = policy
        self.now = now
    }

    /// Takes the lock for the rest of the run; previews need none.
    ///
    /// - Parameter waits: Told once, as soon as it has to wait for another run.
    package func lock(waitingAtMost seconds: Int, waits: () -> Void = {}) throws(SyncError) -> RunLock {
        try attempt { () throws(StateError) in try store.lock(waitingAtMost: seconds, waits: waits) }
    }

    /// Reads the ledger, for ``owned`` to be true before the first sync. What is wrong with it, that will tell.
    package func readLedger() {
        guard record == nil else { return }
        do throws(SyncError) {
            let loaded = try attempt { () throws(StateError) in try store.load() }
            guard loaded.problem == nil else { return }
            record = LedgerRecord(current: loaded.ledger, isSaved: true, owned: owned)
        } catch {
            // The sync will meet it too.
        }
    }

    /// Writes what the ledger's file lacks, if it lacks anything.
    package func flush() throws(SyncError) -> SyncReport {
        var report = SyncReport()
        guard var record else { return report }
        defer { self.record = record }
        try save(&record, &report)
        return report
    }

    /// What a sync would do; nothing is changed or written.
    package func preview(_ desired: DesiredState) throws(SyncError) -> SyncReport {
        var report = SyncReport()
        let loaded = try load(&report)
        let plan = try draft(desired, loaded.ledger, &report).plan
        report.note(plan)
        report.conclude(plan)
        return report
    }

    /// Makes the kernel equal to what is declared.
    package func synchronize(
        _ desired: DesiredState, with companion: (any SyncCompanion)? = nil
    ) throws(SyncError) -> SyncReport {
        try run(with: companion) { (ledger, report) throws(SyncError) in try draft(desired, ledger, &report) }
            ?? SyncReport()
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
        try run { (ledger, report) throws(SyncError) in
            try draft(
                of: keys, DesiredState(virtualServers: desired), trusting: report.rounds == 1, ledger, &report)
        }
    }

    /// Removes what is ours at once, and nothing else.
    package func cleanUp() throws(SyncError) -> SyncReport {
        try run { (ledger, report) throws(SyncError) in
            let observed = try readState(&report)
            let plan = Planner.cleanup(observed: observed, ledger: ledger)
            return Draft(plan: plan, desired: [], observed: observed, before: nil, looked: nil)
        } ?? SyncReport()
    }

    /// What ``cleanUp()`` would do.
    package func previewCleanUp() throws(SyncError) -> SyncReport {
        var report = SyncReport()
        let loaded = try load(&report)
        let plan = Planner.cleanup(observed: try readState(&report), ledger: loaded.ledger)
        report.note(plan)
        report.conclude(plan)
        return report
    }

    /// Plans and applies until nothing is left to do, or only what the kernel refuses.
    ///
    /// - Parameters:
    ///   - applies: Whether more is done than looking.
    ///   - companion: Told of the steps.
    ///   - draft: Makes the plan of a round; `nil` gives up before anything is done.
    func run(
        applies: Bool = true, with companion: (any SyncCompanion)? = nil,
        _ draft: (Ledger, inout SyncReport) throws(SyncError) -> Draft?
    ) throws(SyncError) -> SyncReport? {
        var report = SyncReport()
        var record = try openRecord(&report)
        defer { self.record = record }
        for round in 1...Self.maximumRounds {
            report.rounds = round
            guard let draft = try draft(record.current, &report) else { return nil }
            let plan = draft.plan
            confirmations.note(draft)
            if round == 1 { report.drift = plan.drift(since: record.current) }
            report.note(draft)
            guard applies else {
                // What was late before is written all the same.
                try save(&record, &report)
                break
            }
            let before = draft.before ?? record.current
            record.use(plan.ledger, replacing: draft.before)
            do throws(SyncError) {
                try save(&record, &report)
            } catch {
                // Nothing is changed, and so nothing becomes ours.
                record.use(before, replacing: draft.before == nil ? nil : plan.ledger)
                throw error
            }
            guard let applied = try apply(plan, companion, isLast: round == Self.maximumRounds, &report)
            else { continue }
            confirmations.confirm(draft, except: applied.keys)
            guard !plan.isEmpty else {
                owned.confirm(plan.ledger.virtualServers.keys)
                break
            }
            var after = plan.ledger(afterFailuresAt: applied.indices)
            // A dump can skip what is there, and ours: then it only seemed to be missing.
            for failure in applied.failures {
                guard case .addVirtualServer(let server) = failure.operation, before.owns(server.key) else { continue }
                after.virtualServers[server.key] = plan.ledger.virtualServers[server.key]
            }
            record.use(after, replacing: draft.before == nil ? nil : plan.ledger)
            owned.confirm(after.virtualServers.keys)
            try save(&record, &report)
            report.conclude(plan, applied)
            guard !applied.undone.isEmpty || report.failures.contains(where: \.cause.isConflict) else { break }
        }
        return report
    }

    static func addresses(_ keys: some Sequence<VirtualServerKey>) -> Set<IPAddress> {
        Set(
            keys.lazy.compactMap { key in
                guard case .endpoint(_, let endpoint) = key else { return nil }
                return endpoint.address
            })
    }

    /// The ledger, read unless it is known already; taken out, for a change must not copy all of it.
    private func openRecord(_ report: inout SyncReport) throws(SyncError) -> LedgerRecord {
        if let record {
            self.record = nil
            return record
        }
        let loaded = try load(&report)
        if loaded.problem != nil { try attempt { () throws(StateError) in try store.setAside() } }
        return LedgerRecord(current: loaded.ledger, isSaved: loaded.problem == nil, owned: owned)
    }
}

/// Goes along with a sync of virtual servers, and is told of its steps.
package protocol SyncCompanion {
    /// The first change is due: returns when it may be made.
    func awaitReadiness()

    /// For these addresses all virtual servers and real servers have been sent to the kernel, while others are to come.
    func follow(_ addresses: [IPAddress])
}
