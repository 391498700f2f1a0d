package import LoadBalancing
internal import Reconcile

extension Synchronizer {
    /// More suspects than this share of all are looked at together with all the others, which is cheaper.
    private static let largestShare = 4

    /// Finds out whether the kernel still is as it was left, and repairs it.
    ///
    /// A listing of the table is held against what close looks have found; only what differs, what was changed since,
    /// and some of the rest in turn are looked at closely.
    ///
    /// - Parameters:
    ///   - excluded: Virtual servers that others look after.
    ///   - share: How much of the table is looked at closely in any case, from 0 to 1.
    ///   - repairs: Whether what is wrong is put right; else it is only told.
    package func verify(
        _ source: some DesiredSource, except excluded: Set<VirtualServerKey> = [], auditing share: Double,
        repairs: Bool = true
    ) throws(SyncError) -> SyncReport {
        let started = ContinuousClock.now
        guard confirmations.isComplete, let listing = table.readListing() else {
            return try verifyAll(source, repairs: repairs)
        }
        let suspects = confirmations.suspects(in: listing, auditing: share).subtracting(excluded)
        guard suspects.count <= max(64, listing.count / Self.largestShare) else {
            return try verifyAll(source, repairs: repairs)
        }
        var counts = TableCounts(listing, isOurs: owns)
        let looking = started.duration(to: .now)
        var desired = source.settings
        desired.virtualServers = suspects.compactMap { source.desired($0) }.sorted { $0.key < $1.key }
        let found = try run(applies: repairs) { (ledger, report) throws(SyncError) in
            try draft(of: suspects, desired, withSettings: true, ledger, &report)
        }
        guard var report = found else { return try verifyAll(source, repairs: repairs) }
        report.timings.read += looking
        counts.add(report.changes)
        report.counts = counts
        return report
    }

    private func verifyAll(_ source: some DesiredSource, repairs: Bool) throws(SyncError) -> SyncReport {
        let desired = source.desired
        return try run(applies: repairs) { (ledger, report) throws(SyncError) in try draft(desired, ledger, &report) }
            ?? SyncReport()
    }
}
