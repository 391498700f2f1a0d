package import LoadBalancing

/// What is known of all real servers that are checked, and what follows for their virtual servers.
///
/// Pure: results and times are handed in. What a result changes costs as much as the virtual servers that it is about.
package struct Verdicts: Sendable {
    /// A subject, and who wants to know of it.
    private struct Entry {
        var verdict: Verdict
        var users: Set<VirtualServerKey> = []
    }

    private var entries: [CheckSubject: Entry] = [:]
    var watched: [VirtualServerKey: WatchedVirtualServer] = [:]
    /// When a slow start changes a weight next.
    private var steps: [VirtualServerKey: ContinuousClock.Instant] = [:]
    var now: ContinuousClock.Instant
    /// Quorums that were lost or gained by a declaration: the next record tells of them.
    private var untold: [VerdictChange.Quorum] = []
    /// What is said by hand.
    package internal(set) var overrides: Overrides
    private let recollection: Recollection
    /// How many checks of a real server are down.
    private var down: [Endpoint: Int] = [:]
    /// Whether other subjects are to be checked than at the last ``takeSubjects()``.
    private var haveSubjectsChanged = true
    /// How many subjects are in a state.
    package private(set) var counts: [Verdict.State: Int] = [:]

    /// - Parameters:
    ///   - recollection: What an earlier process knew: it holds until a check has answered.
    ///   - overrides: What is said by hand already.
    package init(
        now: ContinuousClock.Instant, recalling recollection: Recollection = Recollection(),
        overrides: Overrides = Overrides()
    ) {
        self.now = now
        self.overrides = overrides
        self.recollection = recollection
    }

    // MARK: What is declared

    /// Watches a virtual server, or watches it otherwise than before; without any check it is not watched.
    package mutating func watch(
        _ declared: DesiredVirtualServer, by rules: HealthRules, now: ContinuousClock.Instant
    ) {
        let (key, old) = (declared.key, watched[declared.key])
        let byHand = overrides.actions(of: declared)
        if let old, old.declared == declared, old.rules == rules, old.byHand == byHand { return }
        self.now = now
        let before = Set(old?.subjects ?? [])
        let isChecked = declared.realServers.contains { !rules.checks(of: $0.endpoint).isEmpty }
        guard isChecked else { return forget(key) }
        let lookup = verdict(of:)
        let down = Set(before.lazy.filter { lookup($0)?.state == .down }.map(\.realServer))
        var wanted: Set<CheckSubject> = []
        for server in declared.realServers {
            for check in rules.checks(of: server.endpoint) {
                let subject = CheckSubject(check, of: server.endpoint)
                wanted.insert(subject)
                if !before.contains(subject) { join(subject, key, wasDown: down.contains(server.endpoint)) }
            }
        }
        for subject in before.subtracting(wanted) { leave(subject, key) }
        var next: WatchedVirtualServer
        if let old {
            next = old
            next.use(declared, rules, byHand: byHand, now: now, verdict(of:))
            if next.hasQuorum != old.hasQuorum {
                untold.append(VerdictChange.Quorum(virtualServer: key, isThere: next.hasQuorum))
            }
        } else {
            next = WatchedVirtualServer(
                declared, rules, byHand: byHand, hadQuorum: recollection.lostQuorums.contains(key) ? false : nil,
                verdict(of:))
        }
        watched[key] = next
        steps[key] = next.nextStep(after: now, verdict(of:))
    }

    /// Watches a virtual server no more.
    package mutating func forget(_ key: VirtualServerKey) {
        guard let old = watched.removeValue(forKey: key) else { return }
        steps[key] = nil
        for subject in Set(old.subjects) { leave(subject, key) }
    }

    /// Watches no others than these.
    package mutating func forget(allBut keys: Set<VirtualServerKey>) {
        for key in watched.keys where !keys.contains(key) { forget(key) }
    }

    /// - Parameter wasDown: Whether the real server was down by checks that are others now. Then it stays so until the
    ///   new ones say otherwise.
    private mutating func join(_ subject: CheckSubject, _ key: VirtualServerKey, wasDown: Bool) {
        if entries[subject] == nil {
            let known = wasDown ? Verdict(.down, since: now, reason: "down by the check before") : nil
            let verdict = known ?? recollection.verdict(subject) ?? Verdict(since: now)
            entries[subject] = Entry(verdict: verdict)
            count(verdict.state, subject, 1)
            haveSubjectsChanged = true
        }
        entries[subject]?.users.insert(key)
    }

    private mutating func leave(_ subject: CheckSubject, _ key: VirtualServerKey) {
        guard var entry = entries[subject] else { return }
        entry.users.remove(key)
        if entry.users.isEmpty {
            entries[subject] = nil
            count(entry.verdict.state, subject, -1)
            haveSubjectsChanged = true
        } else {
            entries[subject] = entry
        }
    }

    private mutating func count(_ state: Verdict.State, _ subject: CheckSubject, _ difference: Int) {
        counts[state, default: 0] += difference
        guard state == .down else { return }
        let count = (down[subject.realServer] ?? 0) + difference
        down[subject.realServer] = count > 0 ? count : nil
    }

    /// What is to be checked; `nil` when that is the same as at the last call.
    package mutating func takeSubjects() -> Set<CheckSubject>? {
        guard haveSubjectsChanged else { return nil }
        haveSubjectsChanged = false
        return subjects
    }

    /// What is to be checked.
    package var subjects: Set<CheckSubject> { Set(entries.keys) }

    // MARK: What is found

    /// Takes the results of checks; those of subjects that nobody asks about any more count for nothing.
    package mutating func record(
        _ results: [(CheckSubject, CheckResult)], now: ContinuousClock.Instant
    ) -> VerdictChange {
        self.now = now
        var change = VerdictChange()
        swap(&change.quorums, &untold)
        for (subject, result) in results {
            guard let index = entries.index(forKey: subject) else { continue }
            let before = entries.values[index].verdict
            guard entries.values[index].verdict.record(result, of: subject.check, now: now) else { continue }
            change.keys.formUnion(entries.values[index].users)
            let after = entries.values[index].verdict
            guard before.state != after.state else { continue }
            let wasDown = down[subject.realServer] != nil
            count(before.state, subject, -1)
            count(after.state, subject, 1)
            let isDown = down[subject.realServer] != nil
            change.transitions.append(
                VerdictChange.Transition(
                    subject: subject, old: before.state, new: after.state, lasted: before.since.duration(to: now),
                    result: result, virtualServers: entries.values[index].users.sorted(),
                    decides: wasDown != isDown))
        }
        for key in change.keys { judge(key, &change) }
        return change
    }

    /// Takes note that a virtual server's quorum has to be looked at.
    mutating func judge(_ key: VirtualServerKey, _ change: inout VerdictChange) {
        guard var server = watched[key] else { return }
        let hasChanged = server.use(byHand: overrides.actions(of: server.declared), verdict(of:))
        watched[key] = server
        if hasChanged { change.quorums.append(VerdictChange.Quorum(virtualServer: key, isThere: server.hasQuorum)) }
        steps[key] = server.nextStep(after: now, verdict(of:))
    }

    /// When a weight changes by itself, as a slow start goes on or an override ends; `nil` for never.
    package var nextChange: ContinuousClock.Instant? {
        [steps.values.min(), overrides.nextEnd].compactMap(\.self).min()
    }

    /// Takes note of the time.
    ///
    /// - Returns: The virtual servers whose weights are others now.
    package mutating func advance(to now: ContinuousClock.Instant) -> Set<VirtualServerKey> {
        let due = steps.filter { $0.value <= now }.keys
        guard !due.isEmpty else { return [] }
        self.now = now
        for key in due { steps[key] = watched[key]?.nextStep(after: now, verdict(of:)) }
        return Set(due)
    }

    // MARK: What is known

    /// What is known of a subject; `nil` when it is not checked.
    package func verdict(of subject: CheckSubject) -> Verdict? { entries[subject]?.verdict }

    /// The virtual server as the kernel is to have it; as it is declared, if it is not watched.
    package func effective(_ declared: DesiredVirtualServer) -> DesiredVirtualServer {
        watched[declared.key]?.effective(now: now, verdict(of:)) ?? overrides.effective(declared)
    }

    /// Whether every virtual server is as it is declared.
    package var isEmpty: Bool { watched.isEmpty && overrides.isEmpty }

    /// How many subjects are checked.
    package var count: Int { entries.count }

    /// All subjects, in any order.
    package var all: some Sequence<(subject: CheckSubject, verdict: Verdict)> {
        entries.lazy.map { ($0.key, $0.value.verdict) }
    }

    /// The subjects of a virtual server, by real server; empty if it is not watched.
    package func subjects(of key: VirtualServerKey) -> [(subject: CheckSubject, verdict: Verdict)] {
        (watched[key]?.subjects ?? []).compactMap { subject in verdict(of: subject).map { (subject, $0) } }
    }

    /// The virtual servers that are watched, in any order.
    package var virtualServers: some Collection<VirtualServerKey> { watched.keys }

    /// Those without their quorum.
    package var lostQuorums: Set<VirtualServerKey> { Set(watched.lazy.filter { !$0.value.hasQuorum }.map(\.key)) }

    /// The virtual servers from which the real servers are taken when the agent ends, as they are to be then.
    package var drainedAtEnd: [DesiredVirtualServer] {
        watched.values.lazy.filter(\.rules.drainsAtEnd).map { server in
            var drained = server.effective(now: now, verdict(of:))
            for realServer in drained.realServers { drained.withdrawn[realServer.endpoint] = .drain }
            drained.realServers = []
            return drained
        }.sorted { $0.key < $1.key }
    }
}

/// What an earlier process knew.
package struct Recollection: Sendable {
    /// What it knew of a subject.
    let verdict: @Sendable (CheckSubject) -> Verdict?
    /// The virtual servers that were without their quorum.
    let lostQuorums: Set<VirtualServerKey>

    package init(
        lostQuorums: Set<VirtualServerKey> = [], verdict: @escaping @Sendable (CheckSubject) -> Verdict? = { _ in nil }
    ) {
        self.lostQuorums = lostQuorums
        self.verdict = verdict
    }
}

/// What results of checks have changed.
package struct VerdictChange: Sendable {
    /// A check has come to another state.
    package struct Transition: Sendable {
        package let subject: CheckSubject
        package let old: Verdict.State
        package let new: Verdict.State
        /// How long the old state was there.
        package let lasted: Duration
        /// The attempt that decided it.
        package let result: CheckResult
        package let virtualServers: [VirtualServerKey]
        /// Whether the real server is down by it that was not, or is not down any more by any check.
        package let decides: Bool
    }

    /// A virtual server has lost its quorum, or has it again.
    package struct Quorum: Hashable, Sendable {
        package let virtualServer: VirtualServerKey
        package let isThere: Bool
    }

    /// Virtual servers that are wanted otherwise now.
    package var keys: Set<VirtualServerKey> = []
    package var transitions: [Transition] = []
    package var quorums: [Quorum] = []
    /// Overrides that are there no more.
    package var endedOverrides: [EndedOverride] = []

    package init() {}
}
