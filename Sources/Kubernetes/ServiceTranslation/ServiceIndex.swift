package import DataPath
package import KubernetesObjects
package import LoadBalancing

/// All Services translated, kept up to date one by one; decides who owns an address that several claim.
///
/// A change costs as much as the Services that it touches, whatever the number of the others.
package struct ServiceIndex: Sendable {
    package private(set) var cluster = ClusterState()
    private var translator: ServiceTranslator
    private var translated: [ObjectName: TranslatedService] = [:]
    private var claims: [VirtualServerKey: ClaimQueue<ObjectName, ServiceClaim>] = [:]
    /// The keys that more than one Service claims: few, and asked for often.
    private var contested: Set<VirtualServerKey> = []
    private var healthCheckTable = HealthCheckTable()
    private var dataPathTable = DataPathTable()
    private var sourceBudget = SourceBudget()
    /// How many Services want endpoints of this node and have none, as of the last ``refresh()``.
    package private(set) var localLack = LocalLack()
    private var stale = ClaimQueue<ObjectName, Turn>()
    /// The place of the Service that was translated last, and the end of each namespace's places: see `Turn`.
    private var place = 0
    private var ends: [String: Int] = [:]
    /// Services that are stale too, and have not been put in order yet.
    private var unnoted: [ObjectName] = []
    private var notes = WarningNotes()
    /// What has been done since the beginning.
    package private(set) var work = Work()

    /// How much was done for changes: what a change costs, whatever the machine.
    package struct Work: Hashable, Sendable {
        /// Services that were translated.
        package internal(set) var services = 0
        /// What that cost: endpoints times ports, virtual servers and source ranges.
        package internal(set) var cost = 0
        /// Virtual servers that were compared.
        package internal(set) var virtualServers = 0
        /// Elements beside IPVS that were counted.
        package internal(set) var elements = 0
        /// Warnings that came or went, or were looked at.
        package internal(set) var warnings = 0
    }

    /// When a stale Service has its turn: namespaces share the time by what their Services cost (start-time fair queuing).
    /// A tenant that changes a lot, or again and again, waits for itself; the older of two at one place goes first.
    private struct Turn: Comparable, Sendable {
        let place: Int
        let creationTimestamp: String
        let name: ObjectName

        static func < (left: Self, right: Self) -> Bool {
            (left.place, left.creationTimestamp, left.name) < (right.place, right.creationTimestamp, right.name)
        }
    }

    package init(translator: ServiceTranslator) {
        self.translator = translator
    }

    /// How Services are translated.
    package var policy: TranslationPolicy { translator.policy }

    /// Takes note of changed objects; the Services that they touch are translated by the next ``refresh()``.
    package mutating func update(_ change: (inout ClusterState) -> Set<ObjectName>) {
        note(change(&cluster))
        notes.take(cluster.objectWarnings.takeChanges())
    }

    private mutating func note(_ names: some Sequence<ObjectName>) {
        let waiting = names.filter { !stale.contains($0) }
            .map { (created: cluster.services[$0]?.metadata.creationTimestamp ?? "", name: $0) }
        for (created, name) in waiting.sorted(by: { $0 < $1 }) {
            let start = max(place, ends[name.namespace] ?? 0)
            ends[name.namespace] = start + cluster.cost(of: name)
            stale.insert(Turn(place: start, creationTimestamp: created, name: name), of: name)
        }
    }

    /// What had slices changed since the last call.
    package mutating func takeChangeTriggers() -> [ChangeTrigger] { cluster.takeChangeTriggers() }

    /// Takes another policy: the Services that it may make a difference to are translated anew by the next
    /// ``refresh()``, mostly all.
    package mutating func use(_ translator: ServiceTranslator) {
        let (before, now) = (policy, translator.policy)
        self.translator = translator
        if now.isEqual(exceptPlaces: before) {
            note(cluster.addresses.askers(now.addresses.reserved(differingFrom: before.addresses)))
            if now.nodeAddresses != before.nodeAddresses { note(cluster.addresses.outward) }
        } else {
            unnoted = Array(cluster.services.keys)
        }
    }

    /// What ``refresh(atMost:)`` has time for in a few hundredths of a second.
    package static let turnCost = 10_000

    /// Stale Services that a turn has time to put in order.
    private static let notesAtOnce = 5_000

    /// Whether Services wait for being translated. As long as some do that never were, what is wanted is not whole.
    package var hasMore: Bool { !stale.isEmpty || !unnoted.isEmpty }

    /// Translates what has changed since the last call.
    ///
    /// - Returns: The virtual servers that are different now, sorted; ask ``desired(_:)`` for each.
    ///   ``takeHealthCheckChange()`` may give something although none of them is.
    package mutating func refresh() -> [VirtualServerKey] { refresh(atMost: .max) }

    /// Translates as much of what has changed as a turn of a loop has time for; at least one Service.
    ///
    /// No namespace keeps another one waiting for long, whatever its Services cost and however often they change.
    ///
    /// - Parameter cost: Endpoints times ports, virtual servers and source ranges; see ``turnCost``.
    /// - Returns: The virtual servers that are different now, sorted. ``hasMore`` tells whether Services are left.
    package mutating func refresh(atMost cost: Int) -> [VirtualServerKey] {
        var touched: [VirtualServerKey: TranslatedVirtualServer?] = [:]
        let unordered = cost == .max ? unnoted.count : min(unnoted.count, Self.notesAtOnce)
        note(unnoted.suffix(unordered))
        unnoted.removeLast(unordered)
        var used = 0
        while let turn = stale.first {
            let name = turn.name
            let next = cluster.cost(of: name)
            guard used == 0 || used + next <= cost else { break }
            used += next
            place = turn.place
            stale.remove(name)
            translate(name, &touched)
        }
        if stale.isEmpty { (place, ends) = (0, [:]) }
        work.cost += used
        var changed: [VirtualServerKey] = []
        for (key, before) in touched {
            let now = owner(key)
            work.elements += dataPathTable.replace(before?.dataPath ?? [], with: now?.dataPath ?? [])
            let (gone, new) = Self.difference(before?.hairpins ?? [], now?.hairpins ?? [])
            work.elements += dataPathTable.replace(gone, with: new)
            if now?.desired != before?.desired || now?.probe != before?.probe { changed.append(key) }
        }
        work.virtualServers += touched.count
        return changed.sorted()
    }

    /// What only one of two sorted lists has: of thousands of endpoints, mostly one or two.
    private static func difference(
        _ before: [IPAddress], _ now: [IPAddress]
    ) -> (gone: [DataPathElement], new: [DataPathElement]) {
        guard before != now else { return ([], []) }
        var (gone, new): ([DataPathElement], [DataPathElement]) = ([], [])
        var (old, next) = (before[...], now[...])
        while true {
            switch (old.first, next.first) {
            case (let left?, let right?) where left == right: (old, next) = (old.dropFirst(), next.dropFirst())
            case (let left?, let right?) where left > right:
                new.append(.hairpin(right))
                next = next.dropFirst()
            case (let left?, _):
                gone.append(.hairpin(left))
                old = old.dropFirst()
            case (nil, let right?):
                new.append(.hairpin(right))
                next = next.dropFirst()
            case (nil, nil): return (gone, new)
            }
        }
    }

    private mutating func translate(_ name: ObjectName, _ touched: inout [VirtualServerKey: TranslatedVirtualServer?]) {
        work.services += 1
        var next = cluster.services[name].map { translator.translate($0, in: cluster) }
        note(sourceBudget.admit(&next, named: name))
        let previous = translated[name]
        guard next != previous else { return }
        for servers in [previous?.virtualServers ?? [], next?.virtualServers ?? []] {
            for server in servers where touched[server.key] == nil {
                touched.updateValue(owner(server.key), forKey: server.key)
            }
        }
        replaceClaims(of: name, previous, next)
        replaceHealthCheck(previous, next)
        localLack.replace(previous?.localLack ?? LocalLack.Marks(), with: next?.localLack ?? LocalLack.Marks())
        translated[name] = next
        work.warnings += notes.replace(previous, with: next)
    }

    /// What the node needs beside IPVS, as of the last ``refresh()``; nothing unless it is kept here.
    package var dataPath: Set<DataPathElement> { dataPathTable.elements }

    /// Whether the node needs it.
    package func needs(_ element: DataPathElement) -> Bool { dataPathTable.wants(element) }

    /// How that has changed since the last call.
    package mutating func takeDataPathChange() -> DataPathChange { dataPathTable.takeChange() }

    private mutating func replaceHealthCheck(_ previous: TranslatedService?, _ next: TranslatedService?) {
        let ports = Set([previous, next].compactMap(\.?.healthCheck?.port))
        let before = healthCheckElements(ports)
        healthCheckTable.replace(previous, with: next)
        work.elements += dataPathTable.replace(before, with: healthCheckElements(ports))
        notes.healthCheckPorts.formUnion(ports)
    }

    private func healthCheckElements(_ ports: Set<UInt16>) -> [DataPathElement] {
        guard translator.policy.keepsDataPath else { return [] }
        return ports.filter { healthCheckTable.served[$0] != nil }.map(DataPathElement.healthCheckPort)
    }

    /// The virtual server that the oldest claimant of the key wants; `nil` when nobody claims it.
    package func desired(_ key: VirtualServerKey) -> DesiredVirtualServer? { owner(key)?.desired }

    /// The translated virtual server that holds the key.
    package func owner(_ key: VirtualServerKey) -> TranslatedVirtualServer? {
        guard let claim = claims[key]?.first else { return nil }
        return translated[claim.service]?.virtualServer(key)
    }

    /// The Service that holds the key.
    package func holder(of key: VirtualServerKey) -> ObjectName? { claims[key]?.first?.service }

    /// What a Service means on this node; `nil` when there is no such Service.
    package subscript(name: ObjectName) -> TranslatedService? { translated[name] }

    /// Whether a Service has the address as a cluster IP.
    package func isClusterIP(_ address: IPAddress) -> Bool { cluster.addresses.clusterIPs[address] != nil }

    /// All Services, sorted by name.
    package var services: [TranslatedService] { translated.values.sorted { $0.name < $1.name } }

    /// Everything that is wanted, sorted by key.
    package var desiredVirtualServers: [DesiredVirtualServer] {
        claims.keys.compactMap(desired).sorted { $0.key < $1.key }
    }

    /// The claims that lost against another Service's, sorted.
    package var conflicts: [AddressConflict] { contested.flatMap { conflicts(at: $0, .max) }.sorted() }

    private func conflicts(at key: VirtualServerKey, _ limit: Int) -> [AddressConflict] {
        guard let queue = claims[key], let winner = queue.first else { return [] }
        return queue.some(limit).lazy.filter { $0.service != winner.service }.map {
            AddressConflict(key: key, winner, $0)
        }
    }

    /// The health check node ports to serve, as of the last ``refresh()``.
    package var healthChecks: [UInt16: HealthCheck] { healthCheckTable.served }

    /// How these have changed since the last call; `nil` for a port that is not served any more.
    package mutating func takeHealthCheckChange() -> [UInt16: HealthCheck?] { healthCheckTable.takeChange() }

    /// The health check node ports that an older Service has, sorted.
    package var healthCheckConflicts: [HealthCheckConflict] { healthCheckTable.conflicts }

    private mutating func replaceClaims(of name: ObjectName, _ previous: TranslatedService?, _ next: TranslatedService?)
    {
        for server in previous?.virtualServers ?? [] {
            claims[server.key]?.remove(name)
            noteClaims(server.key)
        }
        guard let next else { return }
        for server in next.virtualServers {
            claims[server.key, default: ClaimQueue()].insert(ServiceClaim(next, as: server.role), of: name)
            noteClaims(server.key)
        }
    }

    private mutating func noteClaims(_ key: VirtualServerKey) {
        let count = claims[key]?.count ?? 0
        if count == 0 { claims[key] = nil }
        let wasContested = count > 1 ? !contested.insert(key).inserted : contested.remove(key) != nil
        if count > 1 || wasContested { notes.keys.insert(key) }
    }
}

// MARK: - Warnings

extension ServiceIndex {
    /// Losers that are named for one address or port: a tenant can make millions, which say nothing new.
    private static let losers = 20

    /// What could not be done as the Services ask: their warnings, and claims that lost against another Service's.
    ///
    /// Of each namespace as many as a reader can use, and how many more there are. It costs as much as there is: who
    /// follows changes asks for ``takeWarningChange(atMost:)``.
    package var warnings: [TranslationWarning] {
        var settled = self
        settled.settle(atMost: .max)
        return settled.notes.list.warnings
    }

    /// How many warnings there are, the hidden ones too, as of the last ``takeWarningChange(atMost:)``.
    package var warningCounts: WarningCounts { notes.counts }

    /// What is said of a node's own object.
    package func warnings(ofNode name: String) -> [TranslationWarning] { cluster.objectWarnings.ofNode(name) }

    /// How the warnings have changed since the last call.
    ///
    /// - Parameter limit: About how many are looked at; ``WarningChange/hasMore`` tells whether others are left.
    package mutating func takeWarningChange(atMost limit: Int = 2_000) -> WarningChange {
        let isSettled = settle(atMost: limit)
        var change = notes.list.takeChange(atMost: limit)
        change.hasMore = change.hasMore || !isSettled
        work.warnings += change.added.count + change.removed.count
        return change
    }

    /// Looks at contested addresses and ports that were touched.
    ///
    /// - Returns: Whether none is left.
    @discardableResult private mutating func settle(atMost limit: Int) -> Bool {
        var looked = 0
        while looked < limit, let key = notes.keys.popFirst() {
            let lost = conflicts(at: key, Self.losers + 2)
            looked += 1 + lost.count
            notes.take(
                lost.prefix(Self.losers).map { conflict in
                    TranslationWarning(
                        conflict.loser, reason: .conflict,
                        "\(key) belongs to Service \(conflict.winner), \(conflict.reason)"
                            + (lost.count > Self.losers ? "; more Services claim it than are named" : ""))
                }, losers: max(0, (claims[key]?.count ?? 0) - 1), at: .key(key))
        }
        while looked < limit, let port = notes.healthCheckPorts.popFirst() {
            let lost = healthCheckTable.conflicts(at: port, Self.losers + 2)
            looked += 1 + lost.count
            notes.take(
                lost.prefix(Self.losers).map { conflict in
                    TranslationWarning(
                        conflict.loser, reason: .conflict,
                        "health check node port \(port) belongs to the older Service \(conflict.winner)"
                            + (lost.count > Self.losers ? "; more Services claim it than are named" : ""))
                }, losers: healthCheckTable.losers(at: port), at: .healthCheckPort(port))
        }
        work.warnings += looked
        return notes.keys.isEmpty && notes.healthCheckPorts.isEmpty
    }
}

/// Two Services that want the same virtual server.
package struct AddressConflict: Hashable, Sendable, Comparable {
    package let key: VirtualServerKey
    package let winner: ObjectName
    package let loser: ObjectName
    /// Why it is the winner's: `the older one`, or by which role.
    package let reason: String

    init(key: VirtualServerKey, _ winner: ServiceClaim, _ loser: ServiceClaim) {
        self.key = key
        self.winner = winner.service
        self.loser = loser.service
        reason =
            winner.role == loser.role
            ? "the older one" : "whose \(winner.role.rawValue) it is, not only its \(loser.role.rawValue)"
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.key, left.winner, left.loser) < (right.key, right.winner, right.loser)
    }
}
