package import Documents
internal import LoadBalancing
package import Reconcile

/// What `watch` tells of where there is no screen: one line each.
package enum WatchEvent: Sendable {
    case change(AgentStatus.Change)
    /// Changes that came faster than they could be asked for.
    case missed(UInt64, time: String)
    /// A virtual server that had traffic.
    case traffic(RateTable.VirtualServer, name: String?, time: String)
    /// What is to be known of the agent, when it is otherwise than before.
    case agent(String, reason: String, time: String)

    /// The virtual servers that had traffic.
    package static func traffic(
        _ table: RateTable, order: RateTable.Order, ledger: Ledger, time: String
    ) -> [WatchEvent] {
        table.sorted(by: order).filter { $0.rates?.isIdle == false }.map {
            .traffic($0, name: ledger.name(of: $0.key), time: time)
        }
    }

    /// For people.
    package var line: Line {
        switch self {
        case .change(let change):
            Line("\(change.time)  \(ChangeText.line(change))", Terminal.Style(change.message))
        case .missed(let count, let time): "\(time)  \(PlainText.count(count, "more change")) made"
        case .traffic(let server, let name, let time): "\(time)  traffic  \(Self.text(server, name))"
        case .agent(let state, let reason, let time):
            Line(
                "\(time)  agent \(state)\(reason.isEmpty ? "" : "  \(reason)")",
                Terminal.Style(health: state) ?? .yellow)
        }
    }

    /// For programs.
    package var document: Document {
        switch self {
        case .change(let change):
            guard case .mapping(let members) = change.document else { return ["kind": "change"] }
            return .mapping([.init("kind", "change")] + members)
        case .missed(let count, let time):
            return ["kind": "missed", "time": .string(time), "changes": .unsigned(count)]
        case .agent(let state, let reason, let time):
            return [
                "kind": "agent", "time": .string(time), "state": .string(state), "reason": .string(reason),
            ]
        case .traffic(let server, let name, let time):
            let rates = server.rates ?? TrafficRates()
            return [
                "kind": "traffic", "time": .string(time), "virtualServer": .string(server.key.description),
                "name": name.map { .string($0) } ?? .null, "connectionsPerSecond": .number(rates.connections),
                "inboundPacketsPerSecond": .number(rates.inboundPackets),
                "outboundPacketsPerSecond": .number(rates.outboundPackets),
                "inboundBytesPerSecond": .number(rates.inboundBytes),
                "outboundBytesPerSecond": .number(rates.outboundBytes),
                "activeConnections": .unsigned(server.active), "inactiveConnections": .unsigned(server.inactive),
            ]
        }
    }

    private static func text(_ server: RateTable.VirtualServer, _ name: String?) -> String {
        let units = ["connections/s", "packets in/s", "packets out/s", "bytes in/s", "bytes out/s"]
        let rates = zip(server.rates?.values ?? [], units).map { "\(RateText.text($0)) \($1)" }
        return "\(server.key)\(name.map { " (\($0))" } ?? "")  "
            + (rates + ["\(server.active) active", "\(server.inactive) inactive"]).joined(separator: ", ")
    }
}
