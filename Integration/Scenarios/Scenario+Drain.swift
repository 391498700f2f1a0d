import Documents
import Glibc

extension Scenario {
    /// Connections of real servers that leave, with real connections.
    static let drain: [Scenario] = [
        Scenario("drain: a connection outlives its real server's declaration and ends by itself") { context in
            let site = try Site(context)
            try context.sync(site.configuration(servers: 2))
            var pair: Site.Pair? = try site.connect()
            let report = try context.sync(site.configuration(servers: site.idleOnly))
            try expectEqual(report.count("draining"), 1)
            try pair?.exchange()
            try expectEqual(try site.weights(), ["198.51.100.1:8080 0", "198.51.100.2:8080 1"])
            try expect(try context.command("show").output.contains("draining for"), "show does not tell of the drain")
            // New connections go elsewhere while the old one lives.
            for _ in 0..<4 { _ = try site.connectAnew() }
            try context.sync(site.configuration(servers: site.idleOnly))
            try pair?.exchange()
            pair = nil
            try context.eventually("the drained real server is gone") {
                () throws(ScenarioFailure) in
                try context.sync(site.configuration(servers: site.idleOnly))
                return try site.weights() == ["198.51.100.2:8080 1"]
            }
        },
        Scenario("drain: wanted again, a real server gets its weight back and keeps its connections") { context in
            let site = try Site(context)
            try context.sync(site.configuration(servers: 2))
            let pair = try site.connect()
            try context.sync(site.configuration(servers: site.idleOnly))
            let report = try context.sync(site.configuration(servers: 2))
            try expectEqual(report["changes"]?.sequence?.first?["action"]?.scalar?.text, "revive")
            try expectEqual(report.number("operations"), 1)
            try pair.exchange()
            try expectEqual(try site.weights(), ["198.51.100.1:8080 1", "198.51.100.2:8080 1"])
        },
        Scenario("drain: the deadline counts from the start, through several runs") { context in
            let site = try Site(context)
            try context.sync(site.configuration(servers: 2, drainTimeout: 6))
            let pair = try site.connect()
            let started = ContinuousClock.now
            try context.sync(site.configuration(servers: site.idleOnly, drainTimeout: 6))
            try pair.exchange()
            // Were the deadline counted from each run, these would go on for ever.
            try context.eventually("the drained real server is gone") {
                () throws(ScenarioFailure) in
                try context.sync(site.configuration(servers: site.idleOnly, drainTimeout: 6))
                return try site.weights() == ["198.51.100.2:8080 1"]
            }
            // The clock of drains counts whole seconds.
            try expect(ContinuousClock.now - started >= .seconds(5), "it went before its deadline")
        },
        Scenario("drain: a removed virtual server keeps its connections until they end") { context in
            let site = try Site(context)
            try context.sync(site.configuration(servers: 2))
            var pair: Site.Pair? = try site.connect()
            try context.sync("virtualServers: []")
            try pair?.exchange()
            let weights = try site.weights()
            try expect(weights.contains("198.51.100.1:8080 0"), "\(weights)")
            pair = nil
            try context.eventually("the virtual server is gone") {
                () throws(ScenarioFailure) in
                try context.sync("virtualServers: []")
                return try context.ipvsadmSave().isEmpty
            }
        },
        Scenario("drain: without a drain timeout a real server goes at once") { context in
            let site = try Site(context)
            try context.sync(site.configuration(servers: 2))
            let pair = try site.connect()
            try context.sync(site.configuration(servers: site.idleOnly, drainTimeout: 0))
            try expectEqual(try site.weights(), ["198.51.100.2:8080 1"])
            _ = pair
        },
        Scenario("drain: an edit of the virtual server breaks no connection") { context in
            let site = try Site(context)
            try context.sync(site.configuration(servers: 2))
            let pair = try site.connect()
            for scheduler in ["wrr", "lc", "mh", "sh", "rr"] {
                try context.sync(site.configuration(servers: 2, scheduler: scheduler, persistence: "5m"))
                try pair.exchange()
            }
            try context.sync(site.configuration(servers: 2))
            try pair.exchange()
        },
    ]
}

/// A virtual server 192.0.2.1:80 over two real servers, all on the namespace's own addresses.
private struct Site {
    private let context: Context
    private let busy: TCPSocket
    private let idle: TCPSocket

    /// The two ends of one connection.
    struct Pair {
        let client: TCPSocket
        let server: TCPSocket

        func exchange() throws(ScenarioFailure) { try client.exchange(with: server) }
    }

    /// Only the second real server.
    let idleOnly = 1

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        for address in ["192.0.2.1", "198.51.100.1", "198.51.100.2"] {
            try context.run(["ip", "address", "add", "\(address)/32", "dev", "lo"])
        }
        busy = try TCPSocket.listen(on: "198.51.100.1", port: 8080)
        idle = try TCPSocket.listen(on: "198.51.100.2", port: 8080)
    }

    func configuration(
        servers: Int, drainTimeout: Int? = nil, scheduler: String = "rr", persistence: String = "off"
    ) -> String {
        let first = servers == 2 ? "198.51.100.1:8080, " : ""
        return """
            timeouts: {tcpFin: 1s}
            \(drainTimeout.map { "drainTimeout: \($0)" } ?? "")
            virtualServers:
            - {address: 192.0.2.1:80, scheduler: \(scheduler), persistence: \(persistence),
               realServers: [\(first)198.51.100.2:8080]}
            """
    }

    /// A connection that has come to the first real server.
    func connect() throws(ScenarioFailure) -> Pair {
        // Round robin: of two connections in a row one meets each real server.
        let clients = [try connectAnew(), try connectAnew()]
        let server = try busy.accept()
        let client = try require(
            clients.first { $0.localPort == server.peerPort }, "no connection came to the first real server")
        try client.exchange(with: server)
        return Pair(client: client, server: server)
    }

    func connectAnew() throws(ScenarioFailure) -> TCPSocket { try TCPSocket.connect(to: "192.0.2.1", port: 80) }

    /// The real servers with their weights, as ipvsadm has them, sorted.
    func weights() throws(ScenarioFailure) -> [String] {
        try context.ipvsadmSave().filter { $0.hasPrefix("-a") }.map { line in
            let words = line.split(separator: " ")
            return "\(words[4]) \(words[7])"
        }
    }
}
