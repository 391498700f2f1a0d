package import Documents
internal import LoadBalancing

/// What an order by hand has done, as the agent answers.
package struct OverrideView: Presentable {
    /// Real servers that are named.
    private static let listed = 20

    /// As the agent said it.
    package let document: Document

    package init(_ document: Document) { self.document = document }

    /// Why it is not kept over a restart of the agent; `nil` if it is.
    package var problem: String? { document["problem"]?.string }

    package var lines: [Line] {
        let put = rows("overrides").map { Line($0.order, $0.style) }
        let ended = rows("ended").map { Line("ended: \($0.order)") }
        let subjects = document["realServers"]?.elements ?? []
        let count = document["count"]?.count ?? UInt64(subjects.count)
        let servers = subjects.prefix(Self.listed).map { subject in
            let name = subject["name"]?.string.map { " (\($0))" } ?? ""
            return Line(
                "  \(subject["realServer"]?.string ?? "") in \(subject["virtualServer"]?.string ?? "")\(name)")
        }
        let rest = count - min(count, UInt64(servers.count))
        return put + servers + (rest > 0 ? ["  … and \(rest) more"] : []) + ended
    }

    private func rows(_ field: String) -> [AgentStatus.Override] {
        document[field]?.elements.map(AgentStatus.Override.init) ?? []
    }
}

/// All overrides by hand of a running agent.
package struct OverrideListView: Presentable {
    private let status: AgentStatus
    private let now: Double

    /// - Parameter now: Seconds since 1970, for what lies how long ago.
    package init(_ status: AgentStatus, now: Double) {
        self.status = status
        self.now = now
    }

    package var document: Document { ["overrides": status.document["overrides"] ?? .sequence([])] }

    package var lines: [Line] {
        status.overrides.isEmpty ? ["No override by hand."] : OverrideText.table(status.overrides, at: now).lines()
    }
}

enum OverrideText {
    /// A line for each, in columns.
    static func table(_ overrides: some Sequence<AgentStatus.Override>, at now: Double) -> TextTable {
        var table = TextTable()
        table.add(
            kind: 0, ["BY HAND", "REAL SERVER", "VIRTUAL SERVER", "FOR", "ENDS IN", "BY"], style: .bold)
        for override in overrides {
            let place = override.virtualServer ?? "all, \(override.virtualServers) now"
            table.add(
                kind: 0,
                [
                    override.action, override.realServer, place,
                    override.since.flatMap { TimeText.length(since: $0, at: now) } ?? "",
                    override.remainingSeconds.map(TimeText.length) ?? "",
                    "uid \(override.user), pid \(override.process)",
                ], style: override.style)
        }
        return table
    }
}

extension AgentStatus.Override {
    /// `drain`, or `weight 5`.
    var action: String { kind + (weight.map { " \($0)" } ?? "") }

    /// `drain 198.51.100.1 in all virtual servers, for 2h`.
    var order: String {
        let time = remainingSeconds.map { ", for \(TimeText.length($0))" } ?? ""
        return "\(action) \(realServer) in \(virtualServer ?? "all virtual servers")\(time)"
    }

    fileprivate var style: Terminal.Style { .yellow }
}
