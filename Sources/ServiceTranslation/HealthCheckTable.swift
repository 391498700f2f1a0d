import KubernetesObjects

/// The health checks of all Services by port; of several Services with the same one, the oldest has it.
struct HealthCheckTable: Sendable {
    private struct Entry: Sendable {
        let claim: ServiceClaim
        let check: HealthCheck
    }

    /// Those that are served. Left alone by a change that is none for them: then it costs nobody a copy.
    private(set) var served: [UInt16: HealthCheck] = [:]
    /// Everybody who wants a port, sorted by claim.
    private var entries: [UInt16: [Entry]] = [:]

    /// The Services that do not get their port, sorted.
    var conflicts: [HealthCheckConflict] {
        entries.flatMap { port, entries in
            entries.dropFirst().map {
                HealthCheckConflict(port: port, winner: entries[0].claim.service, loser: $0.claim.service)
            }
        }.sorted()
    }

    /// Takes what a Service means now in the place of what it meant before.
    mutating func replace(_ previous: TranslatedService?, with next: TranslatedService?) {
        if let previous, let port = previous.healthCheck?.port {
            entries[port]?.removeAll { $0.claim.service == previous.name }
            if entries[port]?.isEmpty == true { entries[port] = nil }
        }
        if let next, let check = next.healthCheck {
            let entry = Entry(claim: ServiceClaim(next, as: .nodePort), check: check)
            var list = entries[check.port] ?? []
            list.insert(entry, at: list.firstIndex { entry.claim < $0.claim } ?? list.endIndex)
            entries[check.port] = list
        }
        for port in [previous, next].compactMap(\.?.healthCheck?.port) {
            let check = entries[port]?.first?.check
            if served[port] != check { served[port] = check }
        }
    }
}
