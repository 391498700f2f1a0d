package import Documents
internal import LoadBalancing
internal import Reconcile

extension TableView: Presentable {
    /// For programs: every setting and figure, addresses numeric.
    package var document: Document {
        [
            "virtualServers": .sequence(state.virtualServers.map(document)),
            "timeouts": [
                "tcp": state.timeouts.tcp.document, "tcpFin": state.timeouts.tcpFin.document,
                "udp": state.timeouts.udp.document,
            ],
            "syncDaemons": .sequence(
                state.syncDaemons.map { daemon in
                    [
                        "role": .string(daemon.role.description), "interface": .string(daemon.interface),
                        "syncID": .integer(Int64(daemon.syncID)),
                    ]
                }),
        ]
    }

    private func document(_ observed: ObservedVirtualServer) -> Document {
        let server = observed.virtualServer
        let scheduler = server.scheduler
        var members: [Document.Member] = [
            .init("virtualServer", .string(server.key.description)),
            .init("owner", .string(owner(server.key))),
            .init("scheduler", .string(scheduler.name)),
            .init("schedulerFlags", .sequence(scheduler.flags.names(for: scheduler.name).map { .string($0) })),
            .init("onePacket", .bool(server.onePacket)),
        ]
        if let name = ledger.name(of: server.key) { members.append(.init("name", .string(name))) }
        if let persistence = server.persistence {
            members.append(
                .init(
                    "persistence",
                    [
                        "timeout": .integer(Int64(persistence.timeout)),
                        "granularity": .string(persistence.granularity.description),
                        "engine": server.engine.map { .string($0) } ?? .null,
                    ]))
        } else if let engine = server.engine {
            members.append(.init("persistenceEngine", .string(engine)))
        }
        if observed.otherFlags != 0 { members.append(.init("otherFlags", .integer(Int64(observed.otherFlags)))) }
        if let statistics = observed.statistics { members.append(.init("statistics", statistics.document)) }
        members.append(
            .init("realServers", .sequence(observed.realServers.map { document($0, of: server.key) })))
        return .mapping(members)
    }

    private func document(_ observed: ObservedRealServer, of key: VirtualServerKey) -> Document {
        let server = observed.realServer
        var members: [Document.Member] = [
            .init("realServer", .string(server.endpoint.description)),
            .init("forwarding", .string(server.forwarding.description)),
            .init("weight", .integer(Int64(server.weight))),
            .init("upperThreshold", .integer(Int64(server.upperThreshold))),
            .init("lowerThreshold", .integer(Int64(server.lowerThreshold))),
            .init("activeConnections", .integer(Int64(observed.connections.active))),
            .init("inactiveConnections", .integer(Int64(observed.connections.inactive))),
            .init("persistentConnections", .integer(Int64(observed.connections.persistent))),
        ]
        if let since = ledger.drainStart(of: observed.endpoint, in: key) {
            members.append(.init("drainingSeconds", .unsigned(now >= since ? now - since : 0)))
        }
        if ledger.owns(key), let rows = checks[observed.endpoint.description] {
            members.append(.init("checks", .sequence(rows.map(\.document))))
        }
        if let weight = deviation(observed.endpoint, of: key) {
            members.append(.init("declaredWeight", .unsigned(weight.declared)))
            members.append(.init("weightReason", .string(weight.reason)))
        }
        if let statistics = observed.statistics { members.append(.init("statistics", statistics.document)) }
        return .mapping(members)
    }
}

extension AgentStatus.RealServerCheck {
    var document: Document {
        [
            "check": .string(check), "state": .string(state), "since": since.map { .string($0) } ?? .null,
            "reason": .string(reason),
        ]
    }
}

extension TrafficStatistics {
    fileprivate var document: Document {
        [
            "connections": .unsigned(connections), "inboundPackets": .unsigned(inboundPackets),
            "outboundPackets": .unsigned(outboundPackets), "inboundBytes": .unsigned(inboundBytes),
            "outboundBytes": .unsigned(outboundBytes), "connectionRate": .unsigned(connectionRate),
            "inboundPacketRate": .unsigned(inboundPacketRate), "outboundPacketRate": .unsigned(outboundPacketRate),
            "inboundByteRate": .unsigned(inboundByteRate), "outboundByteRate": .unsigned(outboundByteRate),
        ]
    }
}

extension UInt32? {
    fileprivate var document: Document { map { .integer(Int64($0)) } ?? .null }
}
