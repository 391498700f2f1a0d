package import LoadBalancing
internal import Reconcile

extension Synchronizer {
    /// More suspects than this share of all are looked at together with all the others, which is cheaper.
    private static let largestShare = 4
    /// Of more virtual servers than this, no listing is read: it walks the table from its beginning for every page.
    private static let listable = 10_000
    /// A listing is read for so long at a time, for changes not to wait for it.
    private static let slice = Duration.milliseconds(30)

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
        var outcome = lookOver(VerificationScope(share: share, except: excluded), begins: true)
        while case .looking = outcome {
            outcome = lookOver(VerificationScope(share: share, except: excluded), begins: false)
        }
        guard case .looked(let suspects, let counts, let looking) = outcome else {
            return try check(source.desired, repairs: repairs)
        }
        var desired = source.settings
        desired.virtualServers = suspects.compactMap { source.desired($0) }.sorted { $0.key < $1.key }
        let report = try check(
            suspects, desired, withSettings: true, repairs: repairs, counts: counts, looking: looking)
        if let report { return report }
        return try check(source.desired, repairs: repairs)
    }

    /// Holds a listing against what is known, and says what has to be looked at closely. It ends after a slice of time.
    ///
    /// - Parameter begins: Whether a verification begins; else the one before goes on.
    func lookOver(_ scope: VerificationScope, begins: Bool) -> TableOutcome {
        let started = ContinuousClock.now
        if begins { listing = nil }
        guard confirmations.isComplete else { return .unknown }
        guard confirmations.count <= Self.listable else {
            let suspects = confirmations.suspects(auditing: max(scope.share, scope.largeShare))
            return .looked(suspects.subtracting(scope.except), nil, started.duration(to: .now))
        }
        guard let reader = listing?.reader ?? table.openListing() else { return .unknown }
        let before = listing?.duration ?? .zero
        switch reader.readOn(until: started + Self.slice) {
        case .more:
            listing = (reader, before + started.duration(to: .now))
            return .looking
        case .failed:
            listing = nil
            return .unknown
        case .complete(let found):
            listing = nil
            let suspects = confirmations.suspects(in: found, auditing: scope.share).subtracting(scope.except)
            guard suspects.count <= max(64, found.count / Self.largestShare) else { return .unknown }
            let counts = TableCounts(found, isOurs: owned.contains)
            return .looked(suspects, counts, before + started.duration(to: .now))
        }
    }

    /// Looks closely at some virtual servers, and puts right what is wrong.
    ///
    /// - Parameters:
    ///   - desired: What is declared of them, and of settings.
    ///   - withSettings: Whether settings are looked at too.
    ///   - counts: How much of the table is whose, as the listing shows it.
    ///   - looking: How long that look took.
    /// - Returns: `nil` when so much would go that only a look at everything can tell whether it may.
    func check(
        _ suspects: Set<VirtualServerKey>, _ desired: DesiredState, withSettings: Bool, repairs: Bool,
        counts: TableCounts?, looking: Duration
    ) throws(SyncError) -> SyncReport? {
        let found = try run(applies: repairs) { (ledger, report) throws(SyncError) in
            try draft(of: suspects, desired, withSettings: withSettings, ledger, &report)
        }
        guard var report = found else { return nil }
        report.timings.read += looking
        if var counts {
            counts.add(report.changes)
            report.counts = counts
        }
        return report
    }

    /// Looks closely at everything, and puts right what is wrong.
    func check(_ desired: DesiredState, repairs: Bool) throws(SyncError) -> SyncReport {
        try run(applies: repairs) { (ledger, report) throws(SyncError) in try draft(desired, ledger, &report) }
            ?? SyncReport()
    }
}
