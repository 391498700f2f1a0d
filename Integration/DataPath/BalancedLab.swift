import LoadBalancing

/// A lab whose node1 has virtual servers of ipvsync's own configuration, on addresses that the node simply has.
final class BalancedLab {
    /// How the virtual servers are to be, the same in both families.
    struct Table {
        var scheduler: String
        /// Pods and their weights.
        var weights: KeyValuePairs<LabPlace, Int>
        /// More fields of each virtual server: `persistence: 2s`.
        var fields: [String] = []
        /// More fields of the file: `timeouts: {udp: 1s}`.
        var settings: [String] = []
        var transports: [TransportProtocol] = [.tcp]
        /// How many addresses there are of each family.
        var addresses = 1
    }

    let lab: Lab
    let context: Context

    /// Servers run in a, b and d.
    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        lab = try Lab(context, serving: [.a, .b, .d])
        let addresses = AddressFamily.allCases.flatMap { family in
            (1...8).map { "address add \(Self.host(family, $0))/\(family.bitWidth) dev lo" }
        }
        try lab.ip(.node1, addresses)
    }

    /// An address of the virtual servers.
    static func host(_ family: AddressFamily, _ number: Int = 1) -> String {
        family == .ipv4 ? "198.51.100.\(number)" : "2001:db8:198::\(number)"
    }

    /// Has ipvsync bring about a table, once.
    func balance(_ table: Table, file: StaticString = #fileID, line: Int = #line) throws(ScenarioFailure) {
        let servers = AddressFamily.allCases.flatMap { family in
            (1...table.addresses).flatMap { number in
                table.transports.map { transport in virtualServer(table, family, number, transport) }
            }
        }
        let text =
            "{"
            + (table.settings + ["virtualServers: [\n\(servers.joined(separator: ",\n"))\n]"])
            .joined(separator: ", ") + "}\n"
        try context.sync(text, file: file, line: line)
    }

    private func virtualServer(
        _ table: Table, _ family: AddressFamily, _ number: Int, _ transport: TransportProtocol
    ) -> String {
        let host = Self.host(family, number)
        let address = family == .ipv4 ? "\(host):80" : "[\(host)]:80"
        let realServers = table.weights.map { pod, weight in
            let host = pod.address(family)
            let address = family == .ipv4 ? "\(host):\(Lab.port)" : "[\(host)]:\(Lab.port)"
            return "{address: \"\(address)\", weight: \(weight)}"
        }
        let fields =
            ["address: \"\(transport) \(address)\"", "scheduler: \(table.scheduler)"] + table.fields
            + ["realServers: [\(realServers.joined(separator: ", "))]"]
        return "{" + fields.joined(separator: ", ") + "}"
    }

    /// A question of the outside client.
    func question(
        _ family: AddressFamily, source: Int = 0, address: Int = 1, _ transport: TransportProtocol = .tcp
    ) throws(ScenarioFailure) -> LabQuestion {
        try LabQuestion(
            from: .outside, source: LabPlace.outsideAddresses(family)[source], to: Self.host(family, address), port: 80,
            transport)
    }

    /// The pods that answer a question, put several times, each time after the last answer.
    func servers(_ question: LabQuestion, times: Int) throws(ScenarioFailure) -> [String] {
        try lab.ask(question, times: times).map { (outcome) throws(ScenarioFailure) in
            try require(outcome.server, "\(question.target.host) from \(question.source?.host ?? ""): \(outcome)")
        }
    }

    /// Opens connections that last as long as the calls, one after the other.
    func hold(
        _ question: LabQuestion, count: Int
    ) throws(ScenarioFailure) -> [(call: LabCall, server: String)] {
        try (0..<count).map { (_) throws(ScenarioFailure) in
            let call = try lab.call(question)
            let outcome = call.wait()
            return (call, try require(outcome.server, "a connection to hold: \(outcome)"))
        }
    }
}
