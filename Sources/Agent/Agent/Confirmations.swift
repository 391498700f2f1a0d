internal import LoadBalancing
internal import Reconcile

/// What is known of our virtual servers without looking at them.
///
/// A close look confirms a virtual server: from then on a listing can be held against its fingerprint. One that was
/// changed since counts as doubtful until it has been looked at again.
struct Confirmations {
    /// What a close look has found, and which look that was.
    private struct Look {
        let fingerprint: ListingFingerprint
        let number: UInt64
    }

    private var looks: [VirtualServerKey: Look] = [:]
    /// For the audit: those of the longest time ago come first.
    private var queue = LookQueue()
    private var doubtful: Set<VirtualServerKey> = []
    /// Those that are in the kernel as they were declared, nothing of them draining, unless somebody else came between.
    private var settled: [VirtualServerKey: DesiredVirtualServer] = [:]
    /// Whether everything has been looked at.
    private(set) var isComplete = false

    /// Knows nothing any more.
    mutating func forget() { self = Confirmations() }

    /// Takes note of a look and of what it leads to.
    mutating func note(_ draft: Synchronizer.Draft) {
        let changed = Set(draft.plan.changes.lazy.compactMap(\.operation.key))
        if let looked = draft.looked {
            for key in looked.union(changed) {
                looks[key] = nil
                settled[key] = nil
                doubtful.remove(key)
            }
        } else {
            looks.removeAll(keepingCapacity: true)
            settled.removeAll(keepingCapacity: true)
            doubtful.removeAll(keepingCapacity: true)
            isComplete = true
        }
        for server in draft.observed.virtualServers where draft.wasLookedAt(server.key) && !changed.contains(server.key)
        {
            // Firewall marks have nothing in a listing that tells their families apart.
            guard draft.plan.ledger.owns(server.key), server.key.transportProtocol != nil else { continue }
            looks[server.key] = Look(fingerprint: ListingFingerprint(server), number: queue.append(server.key))
        }
        for key in draft.plan.ledger.virtualServers.keys where looks[key] == nil { doubtful.insert(key) }
        queue.tidy(count: looks.count) { looks[$0]?.number }
    }

    /// Takes note that a plan was carried out, but for what concerns some virtual servers.
    mutating func confirm(_ draft: Synchronizer.Draft, except failed: Set<VirtualServerKey>) {
        let open = failed.union(draft.plan.drains.lazy.map(\.key.virtualServer))
        for server in draft.desired where server.isActive && !open.contains(server.key) { settled[server.key] = server }
    }

    /// Those of the declared virtual servers that need no look before they are changed, as they are in the kernel.
    ///
    /// Their connections are unknown and shown as none: see ``Change/stillServing``. One with weight 0 goes at once if it
    /// has none, so a virtual server that loses such a one is looked at; and so is one whose order counts.
    func settled(of desired: [DesiredVirtualServer]) -> [ObservedVirtualServer] {
        desired.compactMap { server in
            guard let known = settled[server.key], !known.hasQuietOnes(leavingFor: server), !server.isOrdered else {
                return nil
            }
            return ObservedVirtualServer(
                known.virtualServer, realServers: known.realServers.map { ObservedRealServer($0) })
        }
    }

    /// The virtual servers that have to be looked at: those that a listing shows otherwise or not at all, those in
    /// doubt, and some of the others in turn, for a listing does not show everything.
    ///
    /// - Parameter share: How many of them the audit takes, from 0 to 1.
    mutating func suspects(in listing: [ListedVirtualServer], auditing share: Double) -> Set<VirtualServerKey> {
        var suspects = doubtful
        var found = 0
        for server in listing {
            guard let expected = looks[server.key]?.fingerprint else { continue }
            found += 1
            if expected != server.fingerprint { suspects.insert(server.key) }
        }
        if found < looks.count {
            suspects.formUnion(Set(looks.keys).subtracting(listing.lazy.map(\.key)))
        }
        suspects.formUnion(audit(share))
        return suspects
    }

    /// The same without a listing: those in doubt, and some of the others in turn.
    mutating func suspects(auditing share: Double) -> Set<VirtualServerKey> { doubtful.union(audit(share)) }

    /// How many virtual servers are ours.
    var count: Int { looks.count + doubtful.count }

    /// Those that were looked at the longest time ago: each comes before any other one comes twice.
    private mutating func audit(_ share: Double) -> Set<VirtualServerKey> {
        queue.next(Int((Double(count) * share).rounded(.up))) { looks[$0]?.number }
    }
}

extension DesiredVirtualServer {
    /// Whether there is a real server with weight 0 that the other one does not have.
    fileprivate func hasQuietOnes(leavingFor other: DesiredVirtualServer) -> Bool {
        let quiet = realServers.lazy.filter { $0.weight == 0 }
        guard !quiet.isEmpty else { return false }
        let staying = Set(other.realServers.map(\.endpoint))
        return quiet.contains { !staying.contains($0.endpoint) }
    }
}

/// The order in which virtual servers were looked at.
struct LookQueue {
    private typealias Entry = (key: VirtualServerKey, number: UInt64)

    /// The oldest first. An entry whose number is not that of its key's last look any more counts for nothing.
    private var entries: [Entry] = []
    private var first = 0
    private var number: UInt64 = 0

    var length: Int { entries.count }

    /// Takes note of a look.
    ///
    /// - Returns: Its number.
    mutating func append(_ key: VirtualServerKey) -> UInt64 {
        number += 1
        entries.append((key, number))
        return number
    }

    /// The oldest ones. They go to the end, for somebody may come between them and a look.
    ///
    /// - Parameter lastLook: The number of a key's last look; `nil` for one that is not to be looked at.
    mutating func next(_ count: Int, lastLook: (VirtualServerKey) -> UInt64?) -> Set<VirtualServerKey> {
        var keys: Set<VirtualServerKey> = []
        let end = entries.count
        while keys.count < count, first < end {
            let entry = entries[first]
            first += 1
            guard lastLook(entry.key) == entry.number else { continue }
            keys.insert(entry.key)
            entries.append(entry)
        }
        return keys
    }

    /// Removes what counts for nothing, where that is most of all.
    mutating func tidy(count: Int, lastLook: (VirtualServerKey) -> UInt64?) {
        guard entries.count > 4 * count + 64 else { return }
        entries = entries[first...].filter { lastLook($0.key) == $0.number }
        first = 0
    }
}
