internal import LoadBalancing
internal import Reconcile

/// What is known of our virtual servers without looking at them.
///
/// A close look confirms a virtual server: from then on a listing can be held against its fingerprint. One that was
/// changed since counts as doubtful until it has been looked at again.
struct Confirmations {
    private var fingerprints: [VirtualServerKey: ListingFingerprint] = [:]
    private var doubtful: Set<VirtualServerKey> = []
    /// Those that are in the kernel as they were declared, nothing of them draining, unless somebody else came between.
    private var settled: [VirtualServerKey: DesiredVirtualServer] = [:]
    /// Those that the audit has not come to in this turn.
    private var unaudited: [VirtualServerKey] = []
    /// Whether everything has been looked at.
    private(set) var isComplete = false

    /// Knows nothing any more.
    mutating func forget() { self = Confirmations() }

    /// Takes note of a look and of what it leads to.
    mutating func note(_ draft: Synchronizer.Draft) {
        let changed = Set(draft.plan.changes.lazy.compactMap(\.operation.key))
        if let looked = draft.looked {
            for key in looked.union(changed) {
                fingerprints[key] = nil
                settled[key] = nil
                doubtful.remove(key)
            }
        } else {
            fingerprints.removeAll(keepingCapacity: true)
            settled.removeAll(keepingCapacity: true)
            doubtful.removeAll(keepingCapacity: true)
            isComplete = true
        }
        for server in draft.observed.virtualServers where draft.wasLookedAt(server.key) && !changed.contains(server.key)
        {
            // Firewall marks have nothing in a listing that tells their families apart.
            guard draft.plan.ledger.owns(server.key), server.key.transportProtocol != nil else { continue }
            fingerprints[server.key] = ListingFingerprint(server)
        }
        for key in draft.plan.ledger.virtualServers.keys where fingerprints[key] == nil { doubtful.insert(key) }
    }

    /// Takes note that a plan was carried out, but for what concerns some virtual servers.
    mutating func confirm(_ draft: Synchronizer.Draft, except failed: Set<VirtualServerKey>) {
        let open = failed.union(draft.plan.drains.lazy.map(\.key.virtualServer))
        for server in draft.desired where server.isActive && !open.contains(server.key) { settled[server.key] = server }
    }

    /// Those of the declared virtual servers that need no look before they are changed, as they are in the kernel.
    ///
    /// Their connections are unknown and shown as none: see ``Change/stillServing``.
    func settled(of desired: [DesiredVirtualServer]) -> [ObservedVirtualServer] {
        desired.compactMap { server in
            settled[server.key].map { known in
                ObservedVirtualServer(
                    known.virtualServer, realServers: known.realServers.map { ObservedRealServer($0) })
            }
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
            guard let expected = fingerprints[server.key] else { continue }
            found += 1
            if expected != server.fingerprint { suspects.insert(server.key) }
        }
        if found < fingerprints.count {
            suspects.formUnion(Set(fingerprints.keys).subtracting(listing.lazy.map(\.key)))
        }
        suspects.formUnion(audit(share))
        return suspects
    }

    /// The same without a listing: those in doubt, and some of the others in turn.
    mutating func suspects(auditing share: Double) -> Set<VirtualServerKey> { doubtful.union(audit(share)) }

    /// How many virtual servers are ours.
    var count: Int { fingerprints.count + doubtful.count }

    private mutating func audit(_ share: Double) -> Set<VirtualServerKey> {
        var keys: Set<VirtualServerKey> = []
        var count = min(fingerprints.count, Int((Double(fingerprints.count) * share).rounded(.up)))
        if unaudited.isEmpty { unaudited = Array(fingerprints.keys) }
        while count > 0, let key = unaudited.popLast() {
            keys.insert(key)
            count -= 1
        }
        return keys
    }
}
