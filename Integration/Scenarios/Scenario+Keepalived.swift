import Glibc

extension Scenario {
    /// keepalived's own configuration, migrated, beside keepalived: both watch the same real servers.
    static let keepalived: [Scenario] = [
        Scenario("keepalived: whatever befalls a real server, both tables become the same") { context in
            let duel = try KeepalivedDuel(context)
            let servers = duel.servers
            let faults: [(CheckedServers.Behaviour, String, Int)] = [
                (.refused, "10.9.0.1", 80), (.hanging, "10.9.0.1", 80), (.failing, "10.9.0.1", 80),
                (.wrong, "10.9.0.2", 80), (.refused, "10.9.0.3", 80), (.refused, "fd00:9::1", 80),
                (.refused, "10.9.0.1", 53), (.hanging, "10.9.0.1", 53), (.failing, "10.9.0.1", 53),
                (.refused, "10.9.0.2", 53),
            ]
            for (fault, address, port) in faults {
                let server = "\(address) port \(port)"
                try duel.step("\(server) is \(fault.rawValue)", within: KeepalivedDuel.out) {
                    () throws(ScenarioFailure) in try servers.set(address, port: port, fault)
                }
                try duel.step("\(server) is well", within: KeepalivedDuel.in) { () throws(ScenarioFailure) in
                    try servers.set(address, port: port, .well)
                }
            }
            for address in ["10.9.0.3", "fd00:9::2"] {
                try duel.step("\(address) is out of reach", within: KeepalivedDuel.out) {
                    () throws(ScenarioFailure) in try servers.setReachable(address, false)
                }
                try duel.step("\(address) is back", within: KeepalivedDuel.in) { () throws(ScenarioFailure) in
                    try servers.setReachable(address, true)
                }
            }
        },
        Scenario("keepalived: both lose the quorum and gain it, and heed a program's weight") { context in
            let duel = try KeepalivedDuel(context)
            let servers = duel.servers
            // The weights are 1, 2 and 3, and the quorum is 2.
            for address in ["10.9.0.3", "10.9.0.2"] {
                try duel.step("\(address) is refused", within: KeepalivedDuel.out) { () throws(ScenarioFailure) in
                    try servers.set(address, .refused)
                }
            }
            try expect(
                try context.ipvsadmSave().contains { $0.contains("10.9.0.9:80") }, "the sorry server does not serve")
            for address in ["10.9.0.2", "10.9.0.3"] {
                try duel.step("\(address) is well", within: KeepalivedDuel.in) { () throws(ScenarioFailure) in
                    try servers.set(address, .well)
                }
            }
            // 0 is up with the weight of the configuration, 1 is down, and n is the weight n - 2.
            for status in ["22", "1", "2", "255", "0"] {
                try duel.step("the program ends with \(status)", within: KeepalivedDuel.in) {
                    () throws(ScenarioFailure) in try duel.write(programStatus: status)
                }
            }
        },
        Scenario("keepalived: its table is taken over as it is, and keepalived goes on for its addresses") { context in
            let servers = try CheckedServers(context)
            let files = try KeepalivedDuel.writeFiles(context)
            let keepalived = try KeepalivedDuel.start(files.theirs, context)
            try context.eventually("keepalived's table") { () throws(ScenarioFailure) in
                try context.ipvsadmSave().count == KeepalivedDuel.lines
            }
            let table = try context.ipvsadmSave()
            // Nothing is to be done: it ends with 2 otherwise.
            try context.command("plan", "--config", files.ours)
            // As `systemctl kill -s KILL`: one that is ended takes its virtual servers along, and a child whose parent has
            // gone ends.
            let children = try context.run(["pgrep", "-P", "\(keepalived.identifier)"]).outputLines
            try context.run(["kill", "-KILL"] + children + ["\(keepalived.identifier)"])
            _ = try keepalived.wait()
            try expectEqual(try context.ipvsadmSave(), table, "the table without keepalived")
            let agent = try context.startIPVSync("--config", files.ours)
            try agent.waitForText(#""message":"ready""#)
            try expectEqual(try context.ipvsadmSave(), table, "the table with ipvsync")
            for word in ["added", "edited", "removed"] {
                try expect(!agent.error.contains("\(word)\""), "something was \(word): \(agent.error)")
            }
            // Without virtual servers of its own it leaves those alone.
            let rest = try context.write("global_defs {\n  script_user root\n}\n", to: "rest.conf")
            let other = try KeepalivedDuel.start(rest, context)
            try servers.set("10.9.0.1", .refused)
            try agent.waitForText(#""message":"real server down""#)
            try context.eventually("the one that is down goes") { () throws(ScenarioFailure) in
                try context.ipvsadmSave() == table.filter { !$0.contains("10.96.0.1:80 -r 10.9.0.1:80") }
            }
            other.send(SIGTERM)
            _ = try other.wait()
            try expectEqual(try context.ipvsadmSave().count, KeepalivedDuel.lines - 1)
        },
    ]
}

/// keepalived in a namespace of its own, and ipvsync in the scenario's, with what `migrate` makes of its configuration.
private final class KeepalivedDuel {
    let servers: CheckedServers
    /// Of a check, in seconds: so long that a busy machine meets it in no check of a server that is well.
    private static let timeout = 5
    /// How long a real server's end may go unseen: an interval, and two attempts that run into the timeout.
    static let out = Duration.milliseconds(1_100) + .seconds(2 * timeout)
    /// How long its return may.
    static let `in` = Duration.milliseconds(1_100) + .seconds(timeout)

    private let context: Context
    private let keepalived: RunningCommand
    private let agent: RunningCommand

    /// What `ipvsadm -Sn` has of it while all real servers are well.
    static let lines = 4 + 8

    init(_ context: Context) throws {
        self.context = context
        servers = try CheckedServers(context)
        let files = try Self.writeFiles(context)
        keepalived = try servers.witness.inside { () throws(ScenarioFailure) in try Self.start(files.theirs, context) }
        agent = try context.startIPVSync("--config", files.ours)
        try agree("at the start")
        try expectEqual(try context.ipvsadmSave().count, Self.lines)
    }

    /// Writes keepalived's configuration, and what `migrate` makes of it.
    static func writeFiles(_ context: Context) throws -> (theirs: String, ours: String) {
        try context.write("#!/bin/sh\nexit $(cat \(context.directory)/status)\n", to: "load.sh")
        try context.run(["chmod", "0755", "\(context.directory)/load.sh"])
        try context.write("0", to: "status")
        let theirs = try context.write(configuration(context.directory), to: "keepalived.conf")
        let ours = try context.write(try context.command("migrate", "keepalived", theirs).output, to: "ours.yaml")
        return (theirs, ours)
    }

    static func start(_ configuration: String, _ context: Context) throws(ScenarioFailure) -> RunningCommand {
        let program = try require(Environment.variable("IPVSYNC_KEEPALIVED"), "IPVSYNC_KEEPALIVED names no keepalived")
        return try Command([
            program, "--check", "--dont-fork", "--log-console", "--no-syslog", "--use-file", configuration,
            "--pid", "\(context.directory)/keepalived.pid", "--checkers_pid", "\(context.directory)/checkers.pid",
        ]).start()
    }

    deinit {
        // It ends its own children then, which a kill would leave.
        keepalived.send(SIGTERM)
        _ = try? keepalived.wait()
    }

    func write(programStatus: String) throws(ScenarioFailure) {
        let path = try context.write(programStatus, to: "status.new")
        guard rename(path, "\(context.directory)/status") == 0 else { throw SystemCall.failure("rename") }
    }

    /// Does something, and waits until both tables have changed and are the same.
    ///
    /// - Parameter limit: How long ours may take by interval, timeout, and fall or rise, and 100 ms more. What a
    ///   busy machine adds, told by how much later than asked this thread wakes up, does not count.
    func step(
        _ what: String, within limit: Duration, file: StaticString = #fileID, line: Int = #line,
        _ change: () throws(ScenarioFailure) -> Void
    ) throws(ScenarioFailure) {
        let before = try tables()
        let began = ContinuousClock.now
        try change()
        var times: (ours: Duration?, theirs: Duration?)
        var oversleep = Duration.zero
        var last = began
        try context.eventually(what, file: file, line: line) { () throws(ScenarioFailure) in
            let now = try tables()
            let elapsed = began.duration(to: .now)
            if times.ours == nil, now.ours != before.ours { times.ours = elapsed }
            if times.theirs == nil, now.theirs != before.theirs { times.theirs = elapsed }
            oversleep = max(oversleep, last.duration(to: .now))
            last = .now
            return times.ours != nil && times.theirs != nil && now.ours == now.theirs
        }
        let ours = try require(times.ours, "no change")
        StandardStream.output.writeLine(
            "\(what): ours after \(ours), keepalived's after \(times.theirs ?? .zero), looks at most \(oversleep) apart"
        )
        try expect(
            ours <= limit + oversleep * 5, "\(what): after \(ours), not \(limit); \(agent.error)", file: file,
            line: line)
        try expectStill(what)
    }

    private func agree(_ when: String) throws(ScenarioFailure) {
        do throws(ScenarioFailure) {
            try context.eventually("the same tables \(when)") { () throws(ScenarioFailure) in
                try expect(agent.isRunning, agent.error)
                try expect(keepalived.isRunning, keepalived.output + keepalived.error)
                let now = try tables()
                return now.ours == now.theirs && now.ours.count == Self.lines
            }
        } catch {
            let now = try tables()
            throw ScenarioFailure("\(error)\nours: \(now.ours)\nkeepalived's: \(now.theirs)\n\(keepalived.output)")
        }
    }

    /// Both stay as they are until each has checked everything again.
    private func expectStill(_ when: String) throws(ScenarioFailure) {
        let before = try tables()
        usleep(1_100_000)
        let now = try tables()
        try expectEqual(now.ours, before.ours, "\(agent.error.suffix(4_000))\nours after \(when)")
        try expectEqual(now.theirs, before.theirs, "\(keepalived.output.suffix(4_000))\nkeepalived's after \(when)")
    }

    private func tables() throws(ScenarioFailure) -> (ours: [String], theirs: [String]) {
        let context = context
        let theirs = try servers.witness.inside { () throws(ScenarioFailure) in try context.ipvsadmSave() }
        return (try context.ipvsadmSave(), theirs)
    }

    private static func configuration(_ directory: String) -> String {
        let retry = "connect_timeout \(Self.timeout)\nretry 1\ndelay_before_retry 1\n"
        let healthz = "path /healthz\n"
        return """
            global_defs {
              script_user root
            }
            virtual_server 10.96.0.1 80 {
              delay_loop 1
              lb_algo wrr
              lb_kind NAT
              protocol TCP
              quorum 2
              sorry_server 10.9.0.9 80
              \(retry)
              real_server 10.9.0.1 80 {
                HTTP_GET {
                  url {
                    \(healthz)
                    status_code 200
                  }
                }
              }
              real_server 10.9.0.2 80 {
                weight 2
                HTTP_GET {
                  url {
                    \(healthz)
                    digest 1b42a11f5f647e53d20da8c8f57a9f02
                  }
                }
              }
              real_server 10.9.0.3 80 {
                weight 3
                TCP_CHECK {
                }
              }
            }
            virtual_server fd00:96::1 80 {
              delay_loop 1
              lb_algo rr
              lb_kind DR
              protocol TCP
              persistence_timeout 60
              real_server fd00:9::1 80 {
                inhibit_on_failure
                TCP_CHECK {
                  \(retry)
                }
              }
              real_server fd00:9::2 80 {
                inhibit_on_failure
                TCP_CHECK {
                  \(retry)
                }
              }
            }
            virtual_server 10.96.0.2 53 {
              delay_loop 1
              lb_algo rr
              lb_kind TUN
              protocol UDP
              real_server 10.9.0.1 53 {
                DNS_CHECK {
                  type A
                  name www.example.org
                  \(retry)
                }
              }
              real_server 10.9.0.2 53 {
                UDP_CHECK {
                  \(retry)
                }
              }
            }
            virtual_server fwmark 7 {
              delay_loop 1
              lb_algo wlc
              lb_kind NAT
              protocol TCP
              real_server 10.9.0.3 0 {
                weight 5
                MISC_CHECK {
                  misc_path "\(directory)/load.sh"
                  misc_timeout 30
                  misc_dynamic
                }
              }
            }

            """
    }
}
