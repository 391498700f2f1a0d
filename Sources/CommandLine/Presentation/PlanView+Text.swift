internal import Agent
internal import HealthChecks
internal import LoadBalancing
internal import Reconcile

extension PlanView {
    package var lines: [Line] {
        var lines = settings.map { line($0, $0.detail, indent: "") }
        for group in groups {
            let name = names[group.key].map { " (\($0))" } ?? ""
            if let own = group.own {
                lines.append(line(own, "\(group.key)\(name)", own.detail, indent: ""))
            } else {
                lines.append(Line("  \(group.key)\(name)"))
            }
            lines += group.realServers.map { change in
                line(change, change.realServer?.description ?? "", change.detail, indent: "    ")
            }
        }
        return lines + networkLines + notes + networkNotes + [Line(summary + networkSummary)]
    }

    private func line(_ change: Change, _ subject: String, _ detail: String = "", indent: String) -> Line {
        var parts = [subject]
        if !detail.isEmpty { parts.append(detail) }
        parts += change.fields.map { "\($0.field): \($0.old) → \($0.new)" }
        if let reason = change.reason { parts.append(reason.rawValue) }
        return Line("\(indent)\(change.kind.sign) " + parts.joined(separator: "  "), change.kind.style)
    }

    /// What is worth knowing beside the changes.
    private var notes: [Line] {
        var notes: [Line] = []
        if let held = report.plan.held {
            notes.append(
                Line(
                    "Held back: the removal of \(held.virtualServers) of our \(held.ownedVirtualServers) virtual servers, "
                        + "and of \(held.realServers) of the \(held.ownedRealServers) real servers of those that stay, "
                        + "looks like a mistake; "
                        + "if it is none, add --allow-mass-removal", .yellow))
        }
        if !report.adopted.isEmpty {
            notes.append(
                Line("Adopted, for they existed already: " + report.adopted.map(\.description).joined(separator: ", ")))
        }
        for override in overrides.all {
            notes.append(Line("By hand: \(override.action) \(override.target)", .yellow))
        }
        for drain in report.plan.drains {
            let connections = drain.connections.active + drain.connections.inactive
            notes.append(
                Line(
                    "Draining: \(drain.key.virtualServer) real server \(drain.key.realServer), \(connections) connections, "
                        + "at most until \(DurationText.text(drain.deadline - drain.since)) after its start"))
        }
        return notes
    }

    private var summary: String {
        let foreign = report.plan.foreign.count
        let others = foreign == 0 ? "" : " \(foreign) foreign virtual server\(foreign == 1 ? "" : "s") left alone."
        guard !report.changes.isEmpty else {
            return report.isIdle ? "Nothing to do.\(others)" : "Virtual servers are as they should be.\(others)"
        }
        let parts = Change.Kind.allCases.compactMap { kind -> String? in
            let count = report.changes.count { $0.kind == kind }
            return count == 0 ? nil : "\(count) to \(kind.rawValue)"
        }
        let done = report.changes.count == 1 ? "1 change" : "\(report.changes.count) changes"
        return isPreview ? "Plan: \(parts.joined(separator: ", ")).\(others)" : "Made \(done).\(others)"
    }
}

extension Change.Kind {
    fileprivate var sign: String {
        switch self {
        case .add: "+"
        case .edit: "~"
        case .revive: "^"
        case .drain: "v"
        case .remove: "-"
        }
    }

    fileprivate var style: Terminal.Style {
        switch self {
        case .add, .revive: .green
        case .edit, .drain: .yellow
        case .remove: .red
        }
    }
}

/// Settings of virtual servers in a few words.
enum SettingText {
    /// `mh (mh-fallback, mh-port)`, `rr one-packet`, `rr flags 0x40` for flags that have no name.
    static func scheduler(_ observed: ObservedVirtualServer) -> String {
        let flags = observed.otherFlags == 0 ? "" : " flags 0x\(String(observed.otherFlags, radix: 16))"
        return scheduler(observed.virtualServer) + flags
    }

    /// `mh (mh-fallback, mh-port)`, `rr one-packet`.
    static func scheduler(_ virtualServer: VirtualServer) -> String {
        let scheduler = virtualServer.scheduler
        let flags = scheduler.flags.names(for: scheduler.name)
        return scheduler.name + (flags.isEmpty ? "" : " (\(flags.joined(separator: ", ")))")
            + (virtualServer.onePacket ? " one-packet" : "")
    }

    /// `3h`, `5m /24`, `1h sip`, `-`, or `- sip` for an engine without persistence.
    static func persistence(_ virtualServer: VirtualServer) -> String {
        guard let persistence = virtualServer.persistence else {
            return virtualServer.engine.map { "- \($0)" } ?? "-"
        }
        var words = [DurationText.text(UInt64(persistence.timeout))]
        switch persistence.granularity {
        case .mask(.max), .prefix(128): break
        case let granularity: words.append(granularity.prefixLength.map { "/\($0)" } ?? granularity.description)
        }
        if let engine = virtualServer.engine { words.append(engine) }
        return words.joined(separator: " ")
    }
}
