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
    /// The keys that more than one Service claims, and the Services that have warnings: few, and asked for often.
    private var contested: Set<VirtualServerKey> = []
    private var warned: Set<ObjectName> = []
    private var healthCheckTable = HealthCheckTable()
    private var dataPathTable = DataPathTable()
    private var sourceBudget = SourceBudget()
    private var stale: Set<ObjectName> = []

    package init(translator: ServiceTranslator) {
        self.translator = translator
    }

    /// How Services are translated.
    package var policy: TranslationPolicy { translator.policy }

    /// Takes note of changed objects; the Services that they touch are translated by the next ``refresh()``.
    package mutating func update(_ change: (inout ClusterState) -> Set<ObjectName>) {
        stale.formUnion(change(&cluster))
    }

    /// Takes another policy: the Services that it may make a difference to are translated anew by the next
    /// ``refresh()``, mostly all.
    package mutating func use(_ translator: ServiceTranslator) {
        let (before, now) = (policy, translator.policy)
        self.translator = translator
        if now.isEqual(exceptReserved: before) {
            stale.formUnion(
                cluster.addresses.askers(now.addresses.reserved(differingFrom: before.addresses)))
        } else {
            stale.formUnion(cluster.services.keys)
        }
    }

    /// Translates what has changed since the last call.
    ///
    /// - Returns: The virtual servers that are different now, sorted; ask ``desired(_:)`` for each. ``healthChecks``
    ///   may be different although none of them is.
    package mutating func refresh() -> [VirtualServerKey] {
        var touched: [VirtualServerKey: TranslatedVirtualServer?] = [:]
        // The oldest first: who comes late to a namespace that has used up its budget goes without.
        var waiting = stale.map { ($0, age: age($0)) }.sorted { $0.age < $1.age }.map(\.0)[...]
        while let name = waiting.popFirst() {
            var next = cluster.services[name].map { translator.translate($0, in: cluster) }
            waiting += sourceBudget.admit(&next, named: name)
            let previous = translated[name]
            guard next != previous else { continue }
            for server in (previous?.virtualServers ?? []) + (next?.virtualServers ?? [])
            where touched[server.key] == nil {
                touched[server.key] = .some(owner(server.key))
            }
            replaceClaims(of: name, previous, next)
            replaceHealthCheck(previous, next)
            translated[name] = next
            if next?.warnings.isEmpty ?? true { warned.remove(name) } else { warned.insert(name) }
        }
        stale.removeAll(keepingCapacity: true)
        var changed: [VirtualServerKey] = []
        for (key, before) in touched {
            let now = owner(key)
            dataPathTable.replace(before?.dataPath ?? [], with: now?.dataPath ?? [])
            if now?.desired != before?.desired { changed.append(key) }
        }
        return changed.sorted()
    }

    private func age(_ name: ObjectName) -> (String, ObjectName) {
        (cluster.services[name]?.metadata.creationTimestamp ?? "", name)
    }

    /// What the node needs beside IPVS, as of the last ``refresh()``; nothing unless it is kept here.
    package var dataPath: Set<DataPathElement> { dataPathTable.elements }

    /// How that has changed since the last call.
    package mutating func takeDataPathChange() -> DataPathChange { dataPathTable.takeChange() }

    private mutating func replaceHealthCheck(_ previous: TranslatedService?, _ next: TranslatedService?) {
        let ports = Set([previous, next].compactMap(\.?.healthCheck?.port))
        let before = healthCheckElements(ports)
        healthCheckTable.replace(previous, with: next)
        dataPathTable.replace(before, with: healthCheckElements(ports))
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

    /// What could not be done as single Services ask, by their names.
    func addServiceWarnings(to list: inout WarningList) {
        for name in warned.sorted() { for warning in translated[name]?.warnings ?? [] { list.add(warning) } }
    }

    /// The claims that lost against another Service's, sorted.
    package var conflicts: [AddressConflict] { contested.flatMap(conflicts).sorted() }

    /// The same, as many as can be looked through in passing.
    func someConflicts(_ limit: Int) -> [AddressConflict] {
        var found: [AddressConflict] = []
        for key in contested {
            guard found.count < limit else { break }
            found += conflicts(at: key)
        }
        return found.sorted()
    }

    private func conflicts(at key: VirtualServerKey) -> [AddressConflict] {
        guard let queue = claims[key], let winner = queue.first else { return [] }
        return queue.all.lazy.filter { $0.service != winner.service }.map { AddressConflict(key: key, winner, $0) }
    }

    /// The health check node ports to serve, as of the last ``refresh()``.
    package var healthChecks: [UInt16: HealthCheck] { healthCheckTable.served }

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
        if count > 1 { contested.insert(key) } else { contested.remove(key) }
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
