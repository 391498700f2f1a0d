package import Documents
package import LoadBalancing

/// Virtual servers of files as they are now, and why: each real server's weight beside the declared one, with the
/// checks, orders by hand and drains that make the difference.
package struct DeclaredServerView: Presentable {
    private let servers: [(server: DesiredVirtualServer, place: String)]
    private let status: AgentStatus?
    private let problem: String
    private let now: Double

    /// - Parameters:
    ///   - servers: As the files declare them, with their places.
    ///   - status: What the running agent says; `nil` without one.
    ///   - problem: Why there is no status.
    ///   - now: Seconds since 1970.
    package init(
        _ servers: [(server: DesiredVirtualServer, place: String)], status: AgentStatus?, problem: String = "",
        now: Double
    ) {
        self.servers = servers
        self.status = status
        self.problem = problem
        self.now = now
    }

    package var lines: [Line] {
        let all = servers.flatMap { server, place in lines(of: server, place) }
        guard status == nil else { return all }
        return all + [Line("  warning: what checks, orders by hand and drains do is not known: \(problem)", .yellow)]
    }

    private func lines(of server: DesiredVirtualServer, _ place: String) -> [Line] {
        let name = server.name.map { " (\($0))" } ?? ""
        var lines = [
            Line("Virtual server \(server.key)\(name)", .bold), Line("  declared at \(place)"),
            Line(
                "  scheduler \(SettingText.scheduler(server.virtualServer)), "
                    + "persistence \(SettingText.persistence(server.virtualServer))"),
        ]
        if let address = server.activeWhen {
            let waits = isWaiting(for: address)
            lines.append(
                Line(
                    "  \(waits ? "not in the kernel: it waits for" : "in the kernel only with") the address \(address)",
                    waits ? .yellow : nil))
        }
        if hasLostQuorum(server) {
            lines.append(Line("  its quorum is lost: too few real servers are up", .yellow))
        }
        if server.realServers.isEmpty { lines.append("  no real server is declared: connections are refused") }
        for row in rows(of: server) { lines += row.lines(now) }
        return lines + problems(of: server).map { Line("  not done: \($0)", .yellow) }
    }

    package var document: Document {
        [
            "virtualServers": .sequence(
                servers.map { server, place in
                    [
                        "virtualServer": .string(server.key.description),
                        "name": server.name.map(Document.string) ?? .null, "declaredAt": .string(place),
                        "scheduler": .string(server.virtualServer.scheduler.name),
                        "activeWhen": server.activeWhen.map { .string($0.description) } ?? .null,
                        "waiting": .bool(server.activeWhen.map(isWaiting) ?? false),
                        "quorumLost": .bool(hasLostQuorum(server)),
                        "realServers": .sequence(rows(of: server).map(\.document)),
                        "notDone": .sequence(problems(of: server).map(Document.string)),
                    ]
                }),
            "agent": status == nil ? .null : .string(status?.state ?? ""),
        ]
    }

    private func isWaiting(for address: IPAddress) -> Bool {
        status?.inactive.contains { $0.address == address.description } ?? false
    }

    private func hasLostQuorum(_ server: DesiredVirtualServer) -> Bool {
        status?.realServerChecks.lostQuorums.contains(server.key.description) ?? false
    }

    /// What the kernel refuses of it.
    private func problems(of server: DesiredVirtualServer) -> [String] {
        status?.refused.filter { $0.hasPrefix("\(server.key):") } ?? []
    }

    /// The declared real servers, then those that leave.
    private func rows(of server: DesiredVirtualServer) -> [Row] {
        let key = server.key.description
        let drains = status?.drains.filter { $0.virtualServer == key } ?? []
        let declared = server.realServers.map { realServer in
            let endpoint = realServer.endpoint.description
            return Row(
                realServer: endpoint, declared: UInt64(realServer.weight),
                deviation: status?.weights.first { $0.virtualServer == key && $0.realServer == endpoint },
                checks: status?.realServerChecks.rows.filter { $0.realServer == endpoint } ?? [],
                orders: status?.overrides.filter { $0.concerns(realServer.endpoint, of: key) } ?? [],
                drain: drains.first { $0.realServer == endpoint })
        }
        let leaving = drains.filter { drain in !declared.contains { $0.realServer == drain.realServer } }
        return declared
            + leaving.map {
                Row(realServer: $0.realServer, declared: nil, deviation: nil, checks: [], orders: [], drain: $0)
            }
    }
}

/// A real server of the view.
private struct Row {
    let realServer: String
    /// `nil` for one that is declared no more.
    let declared: UInt64?
    let deviation: AgentStatus.Weight?
    let checks: [AgentStatus.RealServerCheck]
    let orders: [AgentStatus.Override]
    let drain: AgentStatus.Drain?

    private var weight: UInt64 { deviation?.effective ?? declared ?? 0 }

    private var reason: String {
        guard let declared else { return "it is not declared any more" }
        if let deviation { return "declared \(declared): \(deviation.reason)" }
        return declared == 0 ? "declared so: no new connections" : "as declared"
    }

    func lines(_ now: Double) -> [Line] {
        var lines = [Line("  \(realServer)  weight \(weight)  \(reason)", weight == 0 ? .yellow : .green)]
        for check in checks {
            let time = check.since.flatMap { TimeText.length(since: $0, at: now) }.map { " for \($0)" } ?? ""
            let reason = check.reason.isEmpty ? "" : ": \(check.reason)"
            lines.append(Line("    check \(check.check)  \(check.state)\(time)\(reason)"))
        }
        for order in orders {
            lines.append(Line("    by hand: \(order.order), by uid \(order.user), pid \(order.process)"))
        }
        if let drain {
            lines.append(
                Line(
                    "    draining for \(TimeText.length(Double(drain.seconds))), "
                        + "\(PlainText.count(Int(clamping: drain.connections), "connection")) left, at most "
                        + "\(TimeText.length(Double(drain.remainingSeconds))) more"))
        }
        return lines
    }

    var document: Document {
        [
            "realServer": .string(realServer), "declaredWeight": declared.map(Document.unsigned) ?? .null,
            "weight": .unsigned(weight), "reason": .string(reason), "checks": .sequence(checks.map(\.document)),
            "overrides": .sequence(orders.map { .string($0.order) }),
            "drain": drain.map { drain in
                [
                    "connections": .unsigned(drain.connections), "seconds": .unsigned(drain.seconds),
                    "remainingSeconds": .unsigned(drain.remainingSeconds),
                ]
            } ?? .null,
        ]
    }
}

extension AgentStatus.Override {
    /// Whether it is about that real server, on all ports or that one, in all virtual servers or that one.
    fileprivate func concerns(_ endpoint: Endpoint, of virtualServer: String) -> Bool {
        guard self.virtualServer == nil || self.virtualServer == virtualServer else { return false }
        return realServer == endpoint.description || realServer == endpoint.address.description
    }
}
