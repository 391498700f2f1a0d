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

    /// The Services that do not get their port, sorted.
    var conflicts: [HealthCheckConflict] {
        entries.flatMap { port, queue in
            let winner = queue.first?.claim.service
            return queue.all.compactMap { entry in
                winner.flatMap { winner in
                    winner == entry.claim.service
                        ? nil : HealthCheckConflict(port: port, winner: winner, loser: entry.claim.service)
                }
            }
        }.sorted()
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
            if served[port] != check { served[port] = check }
        }
    }
}
