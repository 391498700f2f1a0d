import Documents
import Glibc

extension Scenario {
    /// Checks of real servers.
    static let checks: [Scenario] =
        CheckedFarm.Fault.allCases.map { fault in
            Scenario("checks: a real server with the fault \(fault.rawValue) goes, and comes back") { context in
                let farm = try CheckedFarm(context)
                let agent = try context.startIPVSync("--config", farm.configuration)
                try context.eventuallyTable(agent, farm.table([1, 1, 1]))
                var started = ContinuousClock.now
                try farm.break(1, fault)
                try context.eventuallyTable(agent, farm.table([1, 0, 1]))
                let out = started.duration(to: .now)
                try agent.waitForText(#""message":"real server down""#)
                started = .now
                try farm.mend(1)
                try context.eventuallyTable(agent, farm.table([1, 1, 1]))
                try agent.waitForText(#""message":"real server up""#)
                StandardStream.output.writeLine("out after \(out), in after \(started.duration(to: .now))")
            }
        } + [
            Scenario("checks: verdicts outlive the agent, and a checker that is killed") { context in
                let farm = try CheckedFarm(context)
                let first = try context.startIPVSync("--config", farm.configuration)
                try context.eventuallyTable(first, farm.table([1, 1, 1]))
                try farm.break(2, .refused)
                try context.eventuallyTable(first, farm.table([1, 1, 0]))
                // Whatever was known is kept within a second.
                try context.eventually("the verdict is kept") { () throws(ScenarioFailure) in
                    try context.run(["sh", "-c", "cat /run/ipvsync/health-* || true"]).output.contains("down\t0\t")
                }
                first.send(SIGKILL)
                _ = try first.wait()
                // A run that checks nothing itself.
                try context.command("--once", "--config", farm.configuration)
                try expectEqual(try context.ipvsadmSave(), farm.table([1, 1, 0]))
                let second = try context.startIPVSync("--config", farm.configuration)
                try second.waitForText(#""message":"ready""#)
                try expectEqual(try context.ipvsadmSave(), farm.table([1, 1, 0]))
                let checkers = try context.run(["pgrep", "-P", "\(second.identifier)"]).outputLines
                try expect(!checkers.isEmpty, "no checker")
                for checker in checkers { try context.run(["kill", "-KILL", checker]) }
                try second.waitForText("checks are interrupted: verdicts stay")
                try second.waitForText("checks are made again")
                try expectEqual(try context.ipvsadmSave(), farm.table([1, 1, 0]))
                try expect(!second.error.contains(#""message":"real server"#), second.error)
                try farm.mend(2)
                try context.eventuallyTable(second, farm.table([1, 1, 1]))
                second.send(SIGTERM)
                try expectEqual(try second.wait().status, .exited(0))
            },
            Scenario("checks: the backup serves while the quorum is lost, and a drained real server goes") { context in
                let farm = try CheckedFarm(
                    context, "onFailure: drain\n  quorum: 2\n  backup: {address: 127.0.0.1:8099, weight: 7}")
                let agent = try context.startIPVSync("--config", farm.configuration)
                try context.eventuallyTable(agent, farm.table([1, 1, 1]))
                try farm.break(0, .refused)
                try context.eventuallyTable(agent, farm.table([nil, 1, 1]))
                try farm.break(1, .refused)
                try context.eventuallyTable(
                    agent, farm.table([nil, nil, nil]) + ["-a -t 10.96.0.10:80 -r 127.0.0.1:8099 -m -w 7"])
                try agent.waitForText(#""message":"quorum lost""#)
                try farm.mend(0)
                try context.eventuallyTable(agent, farm.table([1, nil, 1]))
                try agent.waitForText(#""message":"quorum gained""#)
                let status = try context.parse(try context.command("status", "--output", "json").output)
                try expectEqual(status["checks"]?.number("down"), 1)
                try expectEqual(status["checks"]?.count("list"), 3)
            },
        ]
}

/// Three web servers that can be broken, and a configuration that checks them.
private final class CheckedFarm {
    /// What may be wrong with a web server.
    enum Fault: String, CaseIterable {
        /// It is killed: connections are refused.
        case refused
        /// It accepts and never answers.
        case hanging
        /// It answers 500.
        case failing
    }

    let configuration: String
    private let context: Context
    private var servers: [RunningCommand] = []

    private static let program = """
        import http.server, sys, time
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                mode = open(sys.argv[2]).read()
                if mode == 'hanging':
                    time.sleep(3600)
                self.send_response(500 if mode == 'failing' else 200)
                self.end_headers()
            def log_message(self, *arguments):
                pass
        http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
        """

    init(_ context: Context, _ rules: String = "onFailure: weight 0") throws {
        self.context = context
        configuration = try context.write(
            """
            virtualServers:
            - address: 10.96.0.10:80
              scheduler: wrr
              \(rules)
              checks: [{type: http, path: /healthz, interval: 500ms, timeout: 300ms, fall: 2}]
              realServers: [127.0.0.1:8080, 127.0.0.1:8081, 127.0.0.1:8082]
            """, to: "farm.yaml")
        try context.write(Self.program, to: "server.py")
        for number in 0..<3 { servers.append(try start(number)) }
    }

    private func start(_ number: Int) throws -> RunningCommand {
        let mode = try context.write("well", to: "mode\(number)")
        let server = try Command(["python3", "\(context.directory)/server.py", "808\(number)", mode]).start()
        try context.eventually("the web server \(number) answers") { () throws(ScenarioFailure) in
            try Command(["curl", "-sf", "--max-time", "5", "http://127.0.0.1:808\(number)/"]).run().succeeded
        }
        return server
    }

    func `break`(_ number: Int, _ fault: Fault) throws {
        try context.write(fault.rawValue, to: "mode\(number)")
        guard fault == .refused else { return }
        servers[number].send(SIGKILL)
        _ = try servers[number].wait()
    }

    /// Puts a server in the place of a broken one.
    func mend(_ number: Int) throws {
        servers[number].send(SIGKILL)
        _ = try servers[number].wait()
        servers[number] = try start(number)
    }

    /// The kernel's table with these weights; `nil` for a real server that is not there.
    func table(_ weights: [Int?]) -> [String] {
        let servers = weights.enumerated().compactMap { index, weight in
            weight.map { "-a -t 10.96.0.10:80 -r 127.0.0.1:808\(index) -m -w \($0)" }
        }
        return ["-A -t 10.96.0.10:80 -s wrr"] + servers
    }
}
