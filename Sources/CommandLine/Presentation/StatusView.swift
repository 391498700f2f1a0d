package import Documents
internal import LoadBalancing

/// A running agent: how it is, where it has what is wanted from, and what it did.
package struct StatusView: Presentable {
    private static let listed = 20
    private static let listedDrift = 5
    private static let listedChanges = 10

    private let status: AgentStatus
    private let now: Double

    /// - Parameter now: Seconds since 1970, for what lies how long ago.
    package init(_ status: AgentStatus, now: Double) {
        self.status = status
        self.now = now
    }

    /// What the agent said, unchanged.
    package var document: Document { status.document }

    package var lines: [Line] {
        [title] + health + [Line(sync), Line(table)] + inactive + sources + checks + overrides + weights + drains + held
            + list("Refused by the kernel", status.refused, .red)
            + list("Not as declared", status.complaints, .yellow) + drift + changes
    }
}

// MARK: - Lines

extension StatusView {
    private var title: Line {
        var parts = ["ipvsync" + (status.version.isEmpty ? "" : " \(status.version)")]
        if !status.node.isEmpty { parts[0] += " on node \(status.node)" }
        if let process = status.process { parts.append("process \(process)") }
        if let length = status.started.flatMap({ TimeText.length(since: $0, at: now) }) {
            parts.append("running for \(length)")
        }
        return Line(parts.joined(separator: ", "), .bold)
    }

    private var health: [Line] {
        let readiness = status.isReady ? "" : "; the table has not been made right yet"
        var table = TextTable()
        for check in status.checks where check.state != "ok" || !check.reason.isEmpty {
            table.add(
                kind: 0, ["  \(check.name)", check.state, check.reason], style: Terminal.Style(health: check.state))
        }
        return [Line("Health: \(status.state)\(readiness)", Terminal.Style(health: status.state))]
            + table.lines()
    }

    private var sync: String {
        guard status.sync.last != nil else { return "Last sync: none yet" }
        var parts = [
            "Last sync: \(TimeText.age(of: status.sync.last, at: now))"
                + (status.sync.scope.map { " (\($0))" } ?? "")
        ]
        parts.append("the last good one \(TimeText.age(of: status.sync.lastSuccess, at: now))")
        if status.sync.seconds > 0 { parts[1] += ", in \(TimeText.short(status.sync.seconds))" }
        if status.sync.verificationSeconds > 0 {
            parts.append("everything is verified every \(TimeText.length(status.sync.verificationSeconds))")
        }
        return parts.joined(separator: "; ")
    }

    private var table: String {
        let counts = status.counts
        return "Table: \(PlainText.count(counts.virtualServers, "virtual server")) with "
            + "\(PlainText.count(counts.realServers, "real server")), \(counts.drainingRealServers) draining; "
            + PlainText.count(counts.foreignVirtualServers, "foreign virtual server")
    }

    private var sources: [Line] {
        guard !status.sources.isEmpty else { return [] }
        var table = TextTable(rightAligned: [0: [2, 3, 4, 5]])
        table.add(
            kind: 0, ["SOURCE", "STATE", "LISTS", "WATCHES", "EVENTS", "FAILURES", "LAST HEARD"], style: .bold)
        for source in status.sources {
            let numbers = [source.lists, source.watches, source.events, source.failures].map(\.description)
            let state = source.isComplete ? "complete" : "not read"
            table.add(
                kind: 0, [source.name, state] + numbers + [TimeText.age(of: source.lastHeard, at: now)],
                style: !source.isComplete ? .red : source.problem == nil ? nil : .yellow)
            if let problem = source.problem { table.add(kind: 1, ["", "problem: \(problem)"], style: .yellow) }
            for text in PlainText.first(Self.listed, of: source.unreadable, indent: "cannot be read: ") {
                table.add(kind: 1, ["", text], style: .yellow)
            }
        }
        return [""] + table.lines()
    }

    private var checks: [Line] {
        let checks = status.realServerChecks
        guard checks.count > 0 else { return [] }
        let text = "Checks: \(checks.up) up, \(checks.down) down, \(checks.unknown) not decided yet"
        var table = TextTable()
        let rows = checks.rows.filter { checks.count <= Self.listed || $0.state != "up" }
        if !rows.isEmpty {
            table.add(kind: 0, ["REAL SERVER", "CHECK", "STATE", "FOR", "NEXT IN", "LAST REASON"], style: .bold)
        }
        for row in rows.prefix(Self.listed) {
            table.add(
                kind: 0,
                [
                    row.realServer, row.check, row.state,
                    row.since.flatMap { TimeText.length(since: $0, at: now) } ?? "",
                    row.nextSeconds.map(TimeText.short) ?? "",
                    row.reason + (row.seconds.map { " in \(TimeText.short($0))" } ?? ""),
                ], style: row.state == "down" ? .red : row.state == "up" ? nil : .yellow)
        }
        let rest = UInt64(max(0, rows.count - Self.listed))
        let more: [Line] = rest > 0 ? ["… and \(rest) more"] : []
        return ["", Line(text, checks.down > 0 ? .red : nil)] + table.lines() + more
            + list("Quorum lost", checks.lostQuorums, .red)
    }

    private var inactive: [Line] {
        status.inactive.prefix(Self.listed).map { waiting in
            Line(
                "Not active: \(PlainText.count(waiting.virtualServers, "virtual server")), for \(waiting.address) is not "
                    + "on this node")
        }
    }

    private var overrides: [Line] {
        guard !status.overrides.isEmpty else { return [] }
        let rest = status.overrides.count - Self.listed
        return [""] + OverrideText.table(status.overrides.prefix(Self.listed), at: now).lines()
            + (rest > 0 ? ["… and \(rest) more"] : [])
    }

    private var weights: [Line] {
        guard !status.weights.isEmpty else { return [] }
        var table = TextTable(rightAligned: [0: [2, 3]])
        table.add(kind: 0, ["VIRTUAL SERVER", "REAL SERVER", "DECLARED", "NOW", "REASON"], style: .bold)
        for weight in status.weights.prefix(Self.listed) {
            table.add(
                kind: 0,
                [
                    weight.virtualServer, weight.realServer, "\(weight.declared)", "\(weight.effective)", weight.reason,
                ], style: .yellow)
        }
        let rest = status.weights.count - Self.listed
        return [""] + table.lines() + (rest > 0 ? ["… and \(rest) more"] : [])
    }

    private var drains: [Line] {
        guard !status.drains.isEmpty else { return [] }
        var table = TextTable(rightAligned: [0: [2]])
        table.add(
            kind: 0, ["DRAINING", "REAL SERVER", "CONNECTIONS", "FOR", "AT MOST FOR"], style: .bold)
        for drain in status.drains.prefix(Self.listed) {
            table.add(
                kind: 0,
                [
                    drain.virtualServer, drain.realServer, "\(drain.connections)", DurationText.text(drain.seconds),
                    "\(DurationText.text(drain.remainingSeconds)) more",
                ], style: .yellow)
        }
        let shown = UInt64(min(status.drains.count, Self.listed))
        let all = max(status.counts.drainingRealServers, UInt64(status.drains.count))
        let more: [Line] = all > shown ? ["… and \(all - shown) more"] : []
        return [""] + table.lines() + more
    }

    private var held: [Line] {
        guard let held = status.held else { return [] }
        return [
            "",
            Line(
                "Held back: the removal of \(held.virtualServers) of our \(held.ownedVirtualServers) virtual servers, "
                    + "and of \(held.realServers) of the \(held.ownedRealServers) real servers of those that stay, "
                    + "looks like a mistake; if it is none, start the agent with --allow-mass-removal", .yellow),
        ]
    }

    private func list(_ title: String, _ texts: [String], _ style: Terminal.Style) -> [Line] {
        guard !texts.isEmpty else { return [] }
        let lines = ["\(title): \(texts.count)"] + PlainText.first(Self.listed, of: texts)
        return [""] + lines.map { Line($0, style) }
    }

    private var drift: [Line] {
        let policy = status.driftPolicy.map { " (policy \($0))" } ?? ""
        guard status.driftTotal > 0 else { return ["", "Drift\(policy): none found"] }
        let title = Line("Drift\(policy): \(status.driftTotal) found; what the latest took, or would take")
        return ["", title] + ChangeText.table(status.drift.suffix(Self.listedDrift)).lines()
    }

    private var changes: [Line] {
        guard status.changeTotal > 0 else { return ["Changes: none"] }
        let latest = status.changes.suffix(Self.listedChanges)
        let shown = UInt64(latest.count) < status.changeTotal ? ", the latest \(latest.count)" : ""
        return ["", "Changes: \(status.changeTotal)\(shown)"] + ChangeText.table(latest).lines()
    }
}

extension Terminal.Style {
    /// How well something is.
    init?(health state: String) {
        switch state {
        case "ok": self = .green
        case "degraded": self = .yellow
        case "failed": self = .red
        default: return nil
        }
    }
}

/// Changes that an agent made, in lines.
enum ChangeText {
    /// A line for each, in columns.
    static func table(_ changes: some Sequence<AgentStatus.Change>) -> TextTable {
        var table = TextTable()
        for change in changes {
            table.add(
                kind: 0, ["  \(TimeText.second(change.time))"] + cells(change), style: Terminal.Style(change.message))
        }
        return table
    }

    /// `real server added  tcp 10.0.0.1:80 (web)  10.1.0.1:80  masquerade, weight 1`.
    static func line(_ change: AgentStatus.Change) -> String {
        cells(change).filter { !$0.isEmpty }.joined(separator: "  ")
    }

    static func cells(_ change: AgentStatus.Change) -> [String] {
        let name = change.name.map { " (\($0))" } ?? ""
        return [change.message, change.virtualServer + name, change.realServer, change.detail]
    }
}

extension Terminal.Style {
    /// What a change does, by its last word.
    init?(_ message: String) {
        switch message.split(separator: " ").last {
        case "added", "revived", "up", "gained": self = .green
        case "edited", "draining": self = .yellow
        case "removed", "down", "lost": self = .red
        default: return nil
        }
    }
}
