internal import LoadBalancing
internal import Reconcile

/// The rows of a picture that there is room for.
struct WatchRows {
    private struct Row {
        let name: String
        let rates: TrafficRates?
        let figures: [String]
        let state: String
        let style: Terminal.Style?
    }

    private var rows: [Row] = []
    private var hidden = 0

    /// - Parameter room: The height with the titles.
    init(_ frame: WatchFrame, room: Int) {
        let servers = frame.table.sorted(by: frame.order)
        let all = servers.count + frame.table.realServerCount
        let shown = all < room ? all : max(0, room - 2)
        hidden = all - shown
        for server in servers {
            guard rows.count < shown else { break }
            rows.append(Self.row(server, frame))
            for realServer in server.realServers(by: frame.order).prefix(shown - rows.count) {
                rows.append(Self.row(realServer, of: server.key, frame))
            }
        }
    }

    /// Titles, rows, and how many there are besides; narrow terminals are not told of packets.
    func lines(_ width: Int) -> [Line] {
        var table = table(hasPackets: true)
        if table.width > width { table = self.table(hasPackets: false) }
        let lines = table.lines(width: width)
        guard hidden > 0 else { return lines }
        return lines + [Line("… and \(PlainText.count(hidden, "more row"))", .dim).fitted(width)]
    }

    private func table(hasPackets: Bool) -> TextTable {
        let columns = hasPackets ? Array(0..<5) : [0, 3, 4]
        let titles = ["CONN/s", "PKT IN/s", "PKT OUT/s", "B IN/s", "B OUT/s"]
        var table = TextTable(rightAligned: [0: Set(1..<(columns.count + 4))])
        table.add(
            kind: 0, ["VIRTUAL SERVER"] + columns.map { titles[$0] } + ["ACTIVE", "INACT", "WEIGHT", "STATE"],
            style: .bold)
        for row in rows {
            let rates = row.rates.map { $0.values.map { RateText.text($0) } }
            table.add(
                kind: 0, [row.name] + columns.map { rates?[$0] ?? "-" } + row.figures + [row.state], style: row.style)
        }
        return table
    }

    private static func row(_ server: RateTable.VirtualServer, _ frame: WatchFrame) -> Row {
        let isOurs = frame.ledger.owns(server.key)
        let name = frame.ledger.name(of: server.key).map { " (\($0))" } ?? ""
        return Row(
            name: "\(server.key)\(name)", rates: server.rates, figures: ["\(server.active)", "\(server.inactive)", ""],
            state: isOurs ? "" : "foreign", style: isOurs ? .cyan : .dim)
    }

    private static func row(_ server: RateTable.RealServer, of key: VirtualServerKey, _ frame: WatchFrame) -> Row {
        let since = frame.ledger.drainStart(of: server.endpoint, in: key)
        let state =
            since.map { "draining for \(DurationText.text(frame.now >= $0 ? frame.now - $0 : 0))" }
            ?? (server.weight == 0 ? "weight 0" : "")
        return Row(
            name: "  -> \(server.endpoint)", rates: server.rates,
            figures: ["\(server.active)", "\(server.inactive)", "\(server.weight)"], state: state,
            style: state.isEmpty ? nil : .yellow)
    }
}
