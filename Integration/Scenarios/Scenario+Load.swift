import Glibc

extension Scenario {
    /// What hostile clients and tenants do to an agent's HTTP servers and descriptors.
    static let load: [Scenario] = [
        Scenario(
            "load: every kind of hostile client at once, and others are answered within a second", tags: [.slow],
            timeLimit: loadTime + .seconds(240)
        ) { context in
            try everythingAtOnce(context)
        },
        Scenario("load: health check ports of manifests are served from the start") { context in
            let path = try context.write(LoadSite.manifest(2, firstPort: 31_000, network: 96), to: "services.yaml")
            let agent = try context.startIPVSync("--manifests", path, "--node", "n1")
            try agent.waitForText("\"ready\"")
            for port in [31_000, 31_001] {
                try context.eventually("port \(port) is served") { () throws(ScenarioFailure) in
                    try context.answer("http://127.0.0.1:\(port)/").contains("200")
                }
            }
            // Nothing was read a second time: that is what served them before.
            try expectEqual(try context.metric(#"ipvsync_source_lists_total{source="files"}"#), 1, "readings")
        },
        Scenario("load: more health check ports than descriptors: tables, ledger and other tenants go on") { context in
            let services = LoadSite.manifest(1050, namespace: "hog", firstPort: 30_000, network: 96)
            let other = LoadSite.manifest(2, namespace: "victim", firstPort: 32_000, network: 97)
            let path = try context.write(services + other, to: "services.yaml")
            let agent = try Command([
                "prlimit", "--nofile=1024:1024", context.ipvsync, "--manifests", path, "--node", "n1", "--state-dir",
                "\(context.directory)/state",
            ]).start()
            try agent.waitForText("\"ready\"", timeLimit: .seconds(60))
            try expectEqual(try context.ipvsadmSave().count { $0.hasPrefix("-A ") }, 1052, "virtual servers")
            try context.eventually("ports are served") { () throws(ScenarioFailure) in
                try context.metric(#"ipvsync_health_check_ports{state="served"}"#) > 0
            }
            for port in [32_000, 32_001, 30_000] {
                try context.eventually("port \(port) is served") { () throws(ScenarioFailure) in
                    try context.answer("http://127.0.0.1:\(port)/").contains("200")
                }
            }
            let unserved = try context.metric(#"ipvsync_health_check_ports{state="unserved"}"#)
            try expect((400..<1000).contains(unserved), "\(unserved) ports are not served")
            try expect(try context.metric("process_open_fds") <= 1024 - 200, "too few descriptors are kept")
            try expect(agent.error.contains("raise LimitNOFILE="), agent.error)
            let health = try context.run(["curl", "-s", "http://127.0.0.1:10249/healthz"]).output
            try expect(health.contains("too many health check ports for 1024 open files"), health)
            try context.write(
                services + other + LoadSite.manifest(1, namespace: "new", firstPort: 32_100, network: 98),
                to: "services.yaml")
            try context.eventually("another tenant's Service comes") { () throws(ScenarioFailure) in
                try context.ipvsadmSave().contains { $0.hasPrefix("-A -t 10.98.0.1:80") }
            }
            try context.eventually("so does its health check port") { () throws(ScenarioFailure) in
                try context.answer("http://127.0.0.1:32100/").contains("200")
            }
            try expect(!agent.error.contains("Too many open files"), agent.error)
        },
        Scenario("load: without a descriptor left the agent neither spins nor stalls") { context in
            let path = try context.write(LoadSite.manifest(1, firstPort: 31_000, network: 96), to: "services.yaml")
            let agent = try context.startIPVSync("--manifests", path, "--node", "n1")
            try context.eventually("it is served") { () throws(ScenarioFailure) in
                try context.answer("http://127.0.0.1:31000/").contains("200")
            }
            let open = try context.run(["ls", "/proc/\(agent.identifier)/fd"]).outputLines.compactMap { Int($0) }
            let limit = (open.max() ?? 0) + 1
            try context.run(["prlimit", "--pid", "\(agent.identifier)", "--nofile=\(limit):"])
            let waiting = try (0..<20).map { (_) throws(ScenarioFailure) in
                try TCPSocket.connect(to: "127.0.0.1", port: 31_000)
            }
            let began = (time: ContinuousClock.now, used: try context.processorTime(agent))
            sleep(1)
            let used = try context.processorTime(agent) - began.used
            try expect(used < (ContinuousClock.now - began.time) / 2, "it spins: \(used)")
            try context.run(["prlimit", "--pid", "\(agent.identifier)", "--nofile=1024:"])
            try context.eventually("it is served again") { () throws(ScenarioFailure) in
                try context.answer("http://127.0.0.1:31000/").contains("200")
            }
            withExtendedLifetime(waiting) {}
        },
    ]

    /// How long hostile clients go on, in seconds. With `IPVSYNC_LOAD_SECONDS`, on a machine without other work, others
    /// have to be answered within a second.
    private static let measuredSeconds = Environment.variable("IPVSYNC_LOAD_SECONDS").flatMap { Int($0) }
    private static var isMeasured: Bool { measuredSeconds != nil }
    private static var loadTime: Duration { .seconds(measuredSeconds ?? 20) }

    private static func everythingAtOnce(_ context: Context) throws(ScenarioFailure) {
        let site = try LoadSite(context)
        let path = try context.write(LoadSite.manifest(300, firstPort: 31_000, network: 96), to: "services.yaml")
        let settings = try context.write(
            "telemetry: {listen: \"0.0.0.0:10249\"}\nvirtualServers: []\n", to: "config.yaml")
        let state = "\(context.directory)/state"
        let agent = try context.startIPVSync(
            "--config", settings, "--manifests", path, "--node", "n1", "--state-dir", state)
        try agent.waitForText("\"ready\"", timeLimit: .seconds(60))
        for port in [31_000, 31_002] {
            try context.eventually("port \(port) is served") { () throws(ScenarioFailure) in
                try context.answer("http://127.0.0.1:\(port)/").contains("200")
            }
        }
        let socket = try require(
            try context.run(["ls", state]).outputLines.first { $0.hasSuffix(".sock") }, "no socket for ipvsync status")

        let control = try site.clients("serve", [LoadSite.control])
        let (attacked, asked) = (LoadSite.attacked, LoadSite.asked)
        let ports = ["\(attacked):31000", "\(attacked):31001", "[\(LoadSite.attackedV6)]:31000"]
        let metrics = "\(attacked):10249/metrics"
        let attacks = [
            ("trickle", try site.attack("trickle", ports + ["\(attacked):10249"])),
            ("silent", try site.attack("silent", ports + ["\(attacked):10249"])),
            ("burst", try site.attack("burst", ports + ["\(attacked):10249"])),
            ("reset", try site.attack("reset", ports + ["\(attacked):10249"])),
            ("readers", try site.attack("readers", [metrics, "\(attacked):10249/status"])),
            ("garbage", try site.attack("garbage", ports + ["\(attacked):10249"])),
            ("halfopen", try site.attack("halfopen", ["\(attacked):31000", "\(attacked):10249"])),
            ("trickle", try site.clients("trickle", ["127.0.0.1:10249", "127.0.0.1:31000"], niceness: 19)),
            ("trickle", try site.clients("trickle", ["unix:\(state)/\(socket)"], niceness: 19)),
        ]
        let places = ["31000/", "31001/", "31002/", "10249/livez", "10249/readyz", "10249/healthz", "10249/metrics"]
        let honest = [
            try site.ask(places.map { "\(asked):\($0)" } + [LoadSite.control]),
            try site.clients(
                "ask", places.map { "127.0.0.1:\($0)" } + ["unix:\(state)/\(socket)", LoadSite.control]),
        ]

        let end = ContinuousClock.now + loadTime
        while ContinuousClock.now < end {
            try expect(agent.isRunning, agent.error)
            for (kind, attack) in attacks { try expect(attack.isRunning, "\(kind): \(attack.error)") }
            usleep(100_000)
        }
        var lines: [LoadFigures.Line] = []
        for client in honest {
            client.send(SIGTERM)
            let figures = try LoadFigures(try client.wait(timeLimit: .seconds(60)).output, context)
            StandardStream.output.writeLine(figures.description)
            lines += figures.lines
        }
        StandardStream.output.writeLine(
            try context.run(["curl", "-s", "http://127.0.0.1:10249/metrics"]).outputLines
                .filter { $0.hasPrefix("ipvsync_http_") || $0.hasPrefix("process_") }.joined(separator: "\n"))

        StandardStream.output.writeLine(
            try context.run(["nstat", "-asz"]).outputLines
                .filter { $0.contains(/Listen|Cookie|ReqQFull|Prune/) }.joined(separator: "\n"))

        // The attack goes on: the agent ends in the middle of it.
        let began = ContinuousClock.now
        agent.send(SIGTERM)
        try expectEqual(try agent.wait().status, .exited(0))
        let ending = ContinuousClock.now - began
        for (kind, attack) in attacks {
            attack.send(SIGTERM)
            let output = try attack.wait(timeLimit: .seconds(60)).output
            StandardStream.output.writeLine("\(kind): \(output.split(separator: "\n").last ?? "")")
            let done = try LoadSite.counts(output, context).number("connections")
            try expect(done >= (["garbage", "readers"].contains(kind) ? 10 : 100), "\(kind) did too little: \(output)")
        }
        control.send(SIGTERM)

        let idle = lines.filter { $0.target == LoadSite.control }.map(\.longest).max() ?? 0
        StandardStream.output.writeLine("ended after \(ending)")
        try expect(ending < .seconds(5) + .seconds(idle), "the end took \(ending)")
        // Who waits in the kernel's queue waits for the processor: a machine with other work gets more time.
        let patience = (isMeasured ? 1 : 5) + idle
        for line in lines where line.target != LoadSite.control {
            try expect(line.answered == line.asked && line.asked > 0, "\(line)")
            try expect(line.longest < patience, "\(line), without an attack \(idle)")
        }
    }
}

extension Context {
    /// The status that a URL is answered with; empty without an answer.
    fileprivate func answer(_ url: String) throws(ScenarioFailure) -> String {
        try Command(["curl", "-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", url]).run().output
    }

    /// How much processor time a process has used (proc(5): fields 14 and 15 of `stat`).
    fileprivate func processorTime(_ process: RunningCommand) throws(ScenarioFailure) -> Duration {
        let text = try run(["cat", "/proc/\(process.identifier)/stat"]).output
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
            throw ScenarioFailure("no times in \(text)")
        }
        return .seconds(user + system) / sysconf(Int32(_SC_CLK_TCK))
    }
}
