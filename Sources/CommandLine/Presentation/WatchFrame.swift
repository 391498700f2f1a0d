internal import LoadBalancing
package import Reconcile

/// One picture of `watch`: the agent, the busiest virtual servers, and the latest changes, as far as there is room.
package struct WatchFrame: Sendable {
    /// What is known of the agent.
    package enum Agent: Sendable {
        case running(AgentStatus)
        /// None can be asked, and why.
        case absent(String)
    }

    /// A terminal's, in characters.
    package struct Size: Hashable, Sendable {
        package let width: Int
        package let height: Int

        package init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    package var agent: Agent
    package var table: RateTable
    package var ledger: Ledger
    /// Seconds on the clock of the ledger's drains.
    package var now: UInt64
    /// What the clock on the wall says, as the agent writes times.
    package var time: String
    package var interval: Int
    package var order: RateTable.Order
    /// The latest, oldest first.
    package var changes: [AgentStatus.Change]
    /// What else is to be said.
    package var notes: [String]

    package init(
        agent: Agent, table: RateTable, ledger: Ledger, now: UInt64, time: String, interval: Int,
        order: RateTable.Order = .rate, changes: [AgentStatus.Change] = [], notes: [String] = []
    ) {
        self.agent = agent
        self.table = table
        self.ledger = ledger
        self.now = now
        self.time = time
        self.interval = interval
        self.order = order
        self.changes = changes
        self.notes = notes
    }

    /// Never more lines than the height, and none longer than the width.
    package func lines(_ size: Size) -> [Line] {
        guard size.width > 0, size.height > 0 else { return [] }
        let head = head.map { $0.fitted(size.width) }
        let foot = foot(room: min(size.height / 3, size.height - head.count - 6), size.width)
        let room = size.height - head.count - foot.count - 1
        let body = room < 2 ? [] : [""] + WatchRows(self, room: room).lines(size.width)
        let gap = foot.isEmpty ? 0 : max(0, size.height - head.count - body.count - foot.count)
        let lines = head + body + Array(repeating: "", count: gap) + foot
        return Array(lines.prefix(size.height))
    }
}

// MARK: - Head and foot

extension WatchFrame {
    private var head: [Line] {
        let clock = "\(TimeText.clock(time))Z  "
        let tail = "; every \(interval)s, q ends"
        let notes = notes.map { Line("  \($0)", .yellow) }
        switch agent {
        case .absent(let reason):
            let servers = PlainText.count(table.virtualServers.count, "virtual server")
            let text = "\(clock)ipvsync: \(servers), \(PlainText.count(table.realServerCount, "real server"))"
            return [Line(text + tail, .bold), Line("  \(reason)", .yellow)] + notes
        case .running(let status):
            let counts = status.counts
            let node = status.node.isEmpty ? "" : " on \(status.node)"
            let text =
                "\(clock)ipvsync\(node): \(status.state), \(PlainText.count(counts.virtualServers, "virtual server")), "
                + "\(PlainText.count(counts.realServers, "real server")), \(counts.drainingRealServers) draining, "
                + "\(counts.foreignVirtualServers) foreign"
            let reasons = status.checks.filter { $0.state != "ok" }.prefix(3).map {
                Line("  \($0.name): \($0.reason)", Terminal.Style(health: $0.state))
            }
            let style = status.state == "ok" ? Terminal.Style.bold : Terminal.Style(health: status.state)
            return [Line(text + tail, style)] + reasons + notes
        }
    }

    private func foot(room: Int, _ width: Int) -> [Line] {
        let count = min(room - 2, changes.count, 12)
        guard count > 0 else { return [] }
        let lines = changes.suffix(count).map { change in
            Line("\(TimeText.clock(change.time))  \(ChangeText.line(change))", Terminal.Style(change.message)).fitted(
                width)
        }
        return ["", Line("LATEST CHANGES", .bold).fitted(width)] + lines
    }
}
