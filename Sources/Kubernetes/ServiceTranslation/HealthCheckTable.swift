import KubernetesObjects

/// The health checks of all Services by port; of several Services with the same one, the oldest has it.
struct HealthCheckTable: Sendable {
    private struct Entry: Sendable, Comparable {
        let claim: ServiceClaim
        let check: HealthCheck

        static func == (left: Entry, right: Entry) -> Bool { left.claim == right.claim && left.check == right.check }
        static func < (left: Entry, right: Entry) -> Bool { left.claim < right.claim }
    }

    /// Those that are served. Left alone by a change that is none for them: then it costs nobody a copy.
    private(set) var served: [UInt16: HealthCheck] = [:]
    /// Everybody who wants a port.
    private var entries: [UInt16: ClaimQueue<ObjectName, Entry>] = [:]

    /// What was served on each port that was touched since the last ``takeChange()``.
    private var touched: [UInt16: HealthCheck?] = [:]

    /// The Services that do not get their port, sorted.
    var conflicts: [HealthCheckConflict] { entries.keys.flatMap { conflicts(at: $0, .max) }.sorted() }

    /// As many of the Services that do not get this port.
    func conflicts(at port: UInt16, _ limit: Int) -> [HealthCheckConflict] {
        guard let queue = entries[port], let winner = queue.first?.claim.service else { return [] }
        return queue.some(limit).lazy.map(\.claim.service).filter { $0 != winner }.map {
            HealthCheckConflict(port: port, winner: winner, loser: $0)
        }
    }

    /// How many do not get this port.
    func losers(at port: UInt16) -> Int { max(0, (entries[port]?.count ?? 0) - 1) }

    /// What is served otherwise since the last call; `nil` for a port that is not served any more.
    mutating func takeChange() -> [UInt16: HealthCheck?] {
        defer { touched.removeAll(keepingCapacity: true) }
        return touched.reduce(into: [:]) { change, before in
            let now = served[before.key]
            if now != before.value { change.updateValue(now, forKey: before.key) }
        }
    }

    /// Takes what a Service means now in the place of what it meant before.
    mutating func replace(_ previous: TranslatedService?, with next: TranslatedService?) {
        if let previous, let port = previous.healthCheck?.port {
            entries[port]?.remove(previous.name)
            if entries[port]?.isEmpty == true { entries[port] = nil }
        }
        if let next, let check = next.healthCheck {
            entries[check.port, default: ClaimQueue()].insert(
                Entry(claim: ServiceClaim(next, as: .nodePort), check: check), of: next.name)
        }
        for port in [previous, next].compactMap(\.?.healthCheck?.port) {
            let check = entries[port]?.first?.check
            guard served[port] != check else { continue }
            if touched[port] == nil { touched.updateValue(served[port], forKey: port) }
            served[port] = check
        }
    }
}
