internal import Agent
package import Documents
internal import HealthChecks
internal import LoadBalancing
internal import Reconcile

extension PlanView {
    /// For programs: the changes in the order in which they are made, and everything that the text says.
    package var document: Document {
        let plan = report.plan
        var members: [Document.Member] = []
        if showsChanges { members.append(.init("changes", .sequence(report.changes.map(\.document)))) }
        members += [
            .init("adopted", .sequence(report.adopted.map { .string($0.description) })),
            .init("foreign", .sequence(plan.foreign.map { .string($0.description) })),
            .init("draining", .sequence(plan.drains.map(\.document))),
        ]
        if !overrides.isEmpty {
            members.append(
                .init(
                    "overrides",
                    .sequence(
                        overrides.all.map { override in
                            [
                                "override": .string(override.action.description),
                                "realServer": .string(override.target.realServer),
                                "virtualServer": override.target.virtualServer.map { .string($0.description) } ?? .null,
                            ]
                        })))
        }
        if let held = plan.held { members.append(.init("held", held.document)) }
        if let networkDocument { members.append(.init("network", networkDocument)) }
        guard !isPreview else { return .mapping(members) }
        members.append(
            .init(
                "failures",
                .sequence(
                    report.failures.map { failure in
                        [
                            "virtualServer": failure.cause.operation.key.map { .string($0.description) } ?? .null,
                            "errno": .integer(Int64(failure.cause.errno)), "message": .string(failure.description),
                        ]
                    })))
        members += [
            .init("rounds", .integer(Int64(report.rounds))),
            .init("operations", .integer(Int64(report.operations))),
            .init("seconds", report.seconds),
        ]
        return .mapping(members)
    }
}

extension SyncReport {
    /// Where the time went: virtual servers by phase, and the whole with what is done beside them, partly meanwhile.
    fileprivate var seconds: Document {
        [
            "parse": .number(timings.parse.seconds), "read": .number(timings.read.seconds),
            "plan": .number(timings.plan.seconds), "ledger": .number(timings.ledger.seconds),
            "apply": .number(timings.apply.seconds), "sync": .number((elapsed ?? timings.total).seconds),
        ]
    }
}

extension Change {
    fileprivate var document: Document {
        var members: [Document.Member] = [.init("action", .string(kind.rawValue))]
        if let key = operation.key { members.append(.init("virtualServer", .string(key.description))) }
        if let endpoint = realServer { members.append(.init("realServer", .string(endpoint.description))) }
        if operation.key == nil { members.append(.init("setting", .string(detail))) }
        if !fields.isEmpty {
            members.append(
                .init(
                    "fields",
                    .sequence(
                        fields.map { ["field": .string($0.field), "old": .string($0.old), "new": .string($0.new)] })
                ))
        }
        if let reason { members.append(.init("reason", .string(reason.rawValue))) }
        if !droppedRealServers.isEmpty {
            members.append(
                .init("droppedRealServers", .sequence(droppedRealServers.map { .string($0.description) })))
        }
        return .mapping(members)
    }
}

extension Drain {
    fileprivate var document: Document {
        [
            "virtualServer": .string(key.virtualServer.description), "realServer": .string(key.realServer.description),
            "activeConnections": .integer(Int64(connections.active)),
            "inactiveConnections": .integer(Int64(connections.inactive)),
            "timeoutSeconds": .unsigned(deadline - since),
        ]
    }
}

extension HeldRemovals {
    fileprivate var document: Document {
        [
            "virtualServers": .integer(Int64(virtualServers)),
            "ownedVirtualServers": .integer(Int64(ownedVirtualServers)), "realServers": .integer(Int64(realServers)),
            "ownedRealServers": .integer(Int64(ownedRealServers)),
        ]
    }
}

extension Duration {
    /// The time in seconds.
    fileprivate var seconds: Double { self / .seconds(1) }
}
