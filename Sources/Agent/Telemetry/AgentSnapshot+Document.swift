internal import Agent
package import Documents
internal import HealthChecks
internal import LoadBalancing
internal import Reconcile
internal import ServiceTranslation

extension AgentSnapshot {
    /// Drains beyond these are counted and not listed.
    private static let listedDrains = 1_000
    /// Real servers whose weight is not the declared one, likewise.
    private static let listedWeights = 1_000
    /// Health check ports that are not served, likewise.
    private static let listedPorts = 100

    /// All of it, for programs.
    ///
    /// - Parameters:
    ///   - now: Seconds from boot, as drains count them.
    ///   - number: Only changes after this one.
    package func document(bootSeconds now: UInt64, changesAfter number: UInt64 = 0) -> Document {
        [
            "version": .string(identity.version), "node": .string(identity.node),
            "namespace": .string(identity.namespace), "pid": .integer(Int64(identity.processIdentifier)),
            "started": .string(identity.started.description),
            "health": Health(self).document,
            "sources": .sequence(sources.map(\.document)),
            "sync": [
                "scope": lastScope.map { .string($0.rawValue) } ?? .null,
                "last": metrics.lastSync.map { .string($0.description) } ?? .null,
                "lastSuccess": metrics.lastSuccess.map { .string($0.description) } ?? .null,
                "seconds": .number(lastDuration / .seconds(1)),
                "verificationSeconds": .number(verificationInterval / .seconds(1)),
            ],
            "table": [
                "virtualServers": .integer(Int64(metrics.counts.ours.virtualServers)),
                "realServers": .integer(Int64(metrics.counts.ours.realServers)),
                "foreignVirtualServers": .integer(Int64(metrics.counts.foreign.virtualServers)),
                "drainingRealServers": .integer(Int64(drains.count)),
            ],
            "drains": .sequence(drains.sorted { $0.key < $1.key }.prefix(Self.listedDrains).map { $0.document(now) }),
            "refused": .sequence(refused.map { .string($0) }),
            "healthCheckPorts": [
                "served": .integer(Int64(healthCheckPorts.served)),
                "unserved": .integer(Int64(healthCheckPorts.unserved.count)),
                "reasons": .sequence(healthCheckPorts.unserved.prefix(Self.listedPorts).map { .string($0) }),
            ],
            "checks": checks.document(),
            "inactive": .sequence(
                inactive.sorted { $0.key < $1.key }.prefix(Self.listedWeights).map { address, count in
                    ["address": .string(address.description), "virtualServers": .integer(Int64(count))]
                }),
            "overrides": (checks.verdicts?.overrides ?? Overrides()).document(),
            "weights": .sequence((checks.verdicts?.deviations(atMost: Self.listedWeights) ?? []).map(\.document)),
            "held": held.map(\.document) ?? .null,
            "complaints": .sequence(warnings.map(\.description).sorted().map { .string($0) }),
            "drift": [
                "policy": .string(driftPolicy.rawValue), "total": .unsigned(drift.total), "latest": drift.document(),
            ],
            "changes": ["total": .unsigned(changes.total), "latest": changes.document(after: number)],
        ]
    }
}

extension WeightDeviation {
    fileprivate var document: Document {
        [
            "virtualServer": .string(virtualServer.description), "realServer": .string(realServer.description),
            "declared": .integer(Int64(declared)), "effective": .integer(Int64(effective)),
            "reason": .string(reason.description),
        ]
    }
}

extension SourceStatus {
    fileprivate var document: Document {
        [
            "name": .string(name), "complete": .bool(isComplete), "problem": problem.map { .string($0) } ?? .null,
            "lists": .integer(Int64(lists)), "watches": .integer(Int64(watches)), "events": .integer(Int64(events)),
            "failures": .integer(Int64(failures)),
            "lastHeard": lastHeard.map { .string($0.description) } ?? .null,
            "unreadable": .sequence(unreadable.map { .string($0) }),
        ]
    }
}

extension Drain {
    fileprivate func document(_ now: UInt64) -> Document {
        [
            "virtualServer": .string(key.virtualServer.description), "realServer": .string(key.realServer.description),
            "connections": .integer(Int64(connections.active) + Int64(connections.inactive)),
            "seconds": .unsigned(now >= since ? now - since : 0),
            "remainingSeconds": .unsigned(deadline > now ? deadline - now : 0),
        ]
    }
}

extension HeldRemovals {
    fileprivate var document: Document {
        [
            "virtualServers": .integer(Int64(virtualServers)),
            "ownedVirtualServers": .integer(Int64(ownedVirtualServers)),
            "realServers": .integer(Int64(realServers)), "ownedRealServers": .integer(Int64(ownedRealServers)),
        ]
    }
}
