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
    private var claims: [VirtualServerKey: [ServiceClaim]] = [:]
    private var healthCheckTable = HealthCheckTable()
    private var dataPathTable = DataPathTable()
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

    /// Takes another policy: every Service is translated anew by the next ``refresh()``.
    package mutating func use(_ translator: ServiceTranslator) {
        self.translator = translator
        stale.formUnion(cluster.services.keys)
    }

    /// Translates what has changed since the last call.
    ///
    /// - Returns: The virtual servers that are different now, sorted; ask ``desired(_:)`` for each. ``healthChecks``
    ///   may be different although none of them is.
    package mutating func refresh() -> [VirtualServerKey] {
        var touched: [VirtualServerKey: TranslatedVirtualServer?] = [:]
        for name in stale {
            let next = cluster.services[name].map { translator.translate($0, in: cluster) }
            let previous = translated[name]
            guard next != previous else { continue }
            for server in (previous?.virtualServers ?? []) + (next?.virtualServers ?? [])
            where touched[server.key] == nil {
                touched[server.key] = .some(owner(server.key))
            }
            replaceClaims(of: name, previous, next)
            replaceHealthCheck(previous, next)
            translated[name] = next
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

    /// All Services, sorted by name.
    package var services: [TranslatedService] { translated.values.sorted { $0.name < $1.name } }

    /// Everything that is wanted, sorted by key.
    package var desiredVirtualServers: [DesiredVirtualServer] {
        claims.keys.compactMap(desired).sorted { $0.key < $1.key }
    }

    /// The claims that lost against an older Service's, sorted.
    package var conflicts: [AddressConflict] {
        claims.flatMap { key, claims in
            claims.dropFirst().map { AddressConflict(key: key, winner: claims[0].service, loser: $0.service) }
        }.sorted()
    }

    /// The health check node ports to serve, as of the last ``refresh()``.
    package var healthChecks: [UInt16: HealthCheck] { healthCheckTable.served }

    /// The health check node ports that an older Service has, sorted.
    package var healthCheckConflicts: [HealthCheckConflict] { healthCheckTable.conflicts }

    private mutating func replaceClaims(of name: ObjectName, _ previous: TranslatedService?, _ next: TranslatedService?)
    {
        for server in previous?.virtualServers ?? [] {
            claims[server.key]?.removeAll { $0.service == name }
            if claims[server.key]?.isEmpty == true { claims[server.key] = nil }
        }
        guard let next else { return }
        let claim = ServiceClaim(next)
        for server in next.virtualServers {
            var list = claims[server.key] ?? []
            list.insert(claim, at: list.firstIndex { claim < $0 } ?? list.endIndex)
            claims[server.key] = list
        }
    }
}

/// Two Services that want the same virtual server.
package struct AddressConflict: Hashable, Sendable, Comparable {
    package let key: VirtualServerKey
    package let winner: ObjectName
    package let loser: ObjectName

    package static func < (left: Self, right: Self) -> Bool {
        (left.key, left.winner, left.loser) < (right.key, right.winner, right.loser)
    }
}
