import LoadBalancing

/// Every kind of Service, asked by every kind of client, over one protocol.
struct Matrix {
    let lab: Lab
    let transport: TransportProtocol

    /// Two endpoints' neighbours and one endpoint, the node itself, and a stranger.
    private static let clients: [LabPlace] = [.a, .d, .e, .node1, .outside]

    /// A Service in one family, with its cells by client.
    private struct Row {
        let service: MatrixService
        let family: AddressFamily
        var expected: [MatrixCell] = []
        var observed: [MatrixCell] = []

        var name: String {
            [service.kind.rawValue, service.policy.rawValue, service.endpoints.rawValue].joined(separator: " ")
        }

        var cells: [String] {
            zip(expected, observed).map { $0 == $1 ? "\($1)" : "\($1) NOT \($0)" }
        }
    }

    /// Ends the scenario as failed unless every cell is as expected; tells the table in any case.
    func check() throws(ScenarioFailure) {
        var rows = MatrixService.all.flatMap { service in
            AddressFamily.allCases.map { Row(service: service, family: $0) }
        }
        for client in Self.clients {
            try fill(&rows, client)
            try askAgain(&rows)
        }
        let table = Self.table(rows)
        let wrong = rows.reduce(0) { $0 + zip($1.expected, $1.observed).count { $0 != $1 } }
        try expect(wrong == 0, "\(wrong) cells are not as expected\n\(table)")
        StandardStream.output.writeLine(table)
    }

    /// Puts the last client's questions once more where the outcome was unexpected: a slow machine loses an answer now
    /// and then, but a wrong rule is wrong each time.
    private func askAgain(_ rows: inout [Row]) throws(ScenarioFailure) {
        guard let last = rows.first.map({ $0.observed.count - 1 }) else { return }
        let wrong = rows.indices.filter { rows[$0].expected[last] != rows[$0].observed[last] }
        guard !wrong.isEmpty else { return }
        StandardStream.output.writeLine("\(wrong.count) cells of \(Self.clients[last]) asked again")
        var repeated = wrong.map { Row(service: rows[$0].service, family: rows[$0].family) }
        try fill(&repeated, Self.clients[last])
        for (index, row) in zip(wrong, repeated) { rows[index].observed[last] = row.observed[0] }
    }

    private func fill(_ rows: inout [Row], _ client: LabPlace) throws(ScenarioFailure) {
        var questions: [LabQuestion] = []
        var ranges: [Range<Int>] = []
        for row in rows {
            let target = row.service.target(row.family)
            let question = try LabQuestion(from: client, to: target.host, port: target.port, transport)
            // Round robin comes to each endpoint twice.
            let times = 2 * max(1, row.service.endpoints.pods.count)
            ranges.append(questions.count..<questions.count + times)
            questions += Array(repeating: question, count: times)
        }
        let outcomes = try lab.ask(questions)
        for (index, range) in ranges.enumerated() {
            let (service, family) = (rows[index].service, rows[index].family)
            rows[index].expected.append(MatrixCell(expected: MatrixModel.servers(of: service, for: client)))
            rows[index].observed.append(MatrixCell(Array(outcomes[range]), client: client, family))
        }
    }

    // MARK: - The table

    /// A line for each Service where both families are alike, else one for each.
    private static func table(_ rows: [Row]) -> String {
        var lines = [line("(* masqueraded, - nobody)", clients.map(\.rawValue))]
        for (ipv4, ipv6) in stride(from: 0, to: rows.count, by: 2).map({ (rows[$0], rows[$0 + 1]) }) {
            if ipv4.cells == ipv6.cells {
                lines.append(line(ipv4.name, ipv4.cells))
            } else {
                lines += [ipv4, ipv6].map { line("\($0.name) \($0.family)", $0.cells) }
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func line(_ name: String, _ cells: [String]) -> String {
        ([pad(name, 38)] + cells.map { pad($0, width) }).joined(separator: " ")
    }

    private static let width = 9

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
