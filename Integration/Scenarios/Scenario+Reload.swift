import Documents
import Glibc

extension Scenario {
    /// Files that are read again while the agent runs.
    static let reload: [Scenario] =
        [
            Scenario("reload: a configuration that takes long to read holds up nothing") { context in
                try slowFile(context)
            },
            Scenario("reload: every setting counts from then on") { context in try everySetting(context) },
        ]

    /// While it reads a file of which only the last line is wrong, the agent repairs its table and answers.
    private static func slowFile(_ context: Context) throws(ScenarioFailure) {
        try context.run(["ip", "link", "set", "lo", "up"])
        let web = "virtualServers: [{address: \"10.96.0.10:80\", scheduler: rr, realServers: []}]"
        let configuration = try context.write(web, to: "web.yaml")
        let slow = try context.write("virtualServers: []", to: "slow.yaml")
        let agent = try context.startIPVSync("--config", configuration, "--config", slow, "--sync-interval", "1")
        let table = ["-A -t 10.96.0.10:80 -s rr"]
        try context.eventuallyTable(agent, table)
        try context.run(["mv", try longFile(context), slow])
        let files = #"ipvsync_source_lists_total{source="files"}"#
        let before = try context.metric(files)
        agent.send(SIGHUP)
        try context.ipvsadm("-D", "-t", "10.96.0.10:80")
        var longest = Duration.zero
        try context.eventually("the table is repaired\n\(agent.error)") { () throws(ScenarioFailure) in
            let started = ContinuousClock.now
            try context.run(["curl", "-sf", "--max-time", "5", "http://127.0.0.1:10249/livez"])
            longest = max(longest, started.duration(to: .now))
            return try context.ipvsadmSave() == table
        }
        try expectEqual(try context.metric(files), before, "the file was read before the table was repaired")
        try expect(longest < .seconds(2), "a probe took \(longest)")
        try agent.waitForText("what was declared before stays")
        try expectEqual(try context.ipvsadmSave(), table)
    }

    /// A file that takes the program many times as long to read as an agent takes to look at its table, however fast the
    /// machine is.
    private static func longFile(_ context: Context) throws(ScenarioFailure) -> String {
        var count = 2_000
        while true {
            let entries = (1...count).map { number in
                "- {address: \"10.97.\(number / 250).\(number % 250):80\", realServers: [\"10.1.0.1:80\"]}\n"
            }
            let path = try context.write(
                "virtualServers:\n" + entries.joined() + "- nonsense: [", to: "long.yaml")
            let started = ContinuousClock.now
            _ = try Command([context.ipvsync, "validate", "--config", path]).run()
            if started.duration(to: .now) > .seconds(6) { return path }
            count *= 2
            try expect(count < 600_000, "no file is large enough")
        }
    }

    // MARK: - Settings

    /// What another file says of each setting. Those that are for virtual servers or the file alone are not here.
    private static let others: [(name: String, text: String)] = [
        ("drainTimeout", "0s"), ("removalGuard", "off"), ("syncInterval", "7m"), ("minSyncInterval", "50ms"),
        ("auditInterval", "2h"), ("drift", "report"), ("cleanupOnExit", "true"),
        ("telemetry", "{listen: \"127.0.0.1:10300\", trafficLimit: 0}"), ("logging", "{format: text, level: debug}"),
        ("services", "{scheduler: sh, proxyName: other}"), ("network", "{firewall: false, sysctls: false}"),
        ("timeouts", "{tcp: 1000s}"), ("syncDaemons", "[{role: master, interface: lo, syncID: 5}]"),
        ("hooks", "{quorumLost: [/bin/true]}"),
    ]

    private static func everySetting(_ context: Context) throws(ScenarioFailure) {
        // Whoever adds a setting adds it here.
        let schema = try context.parse(try context.command("schema").output)
        let known = Set(schema["properties"]?.mapping?.map(\.name) ?? [])
        let local: Set = ["apiVersion", "defaults", "checks", "virtualServers"]
        try expectEqual(Set(others.map(\.name)), known.subtracting(local), "the settings")

        try context.run(["ip", "link", "set", "lo", "up"])
        let path = try context.write("virtualServers: []", to: "node.yaml")
        let server = try APIServerStandIn(context)
        server.setService("web", clusterIP: "10.96.0.10", "rr")
        server.tell(named("other", clusterIP: "10.96.0.11"))
        let agent = try context.startIPVSync("--config", path, "--kubeconfig", server.kubeconfig, "--node", "n1")
        try context.eventuallyTable(agent, ["-A -t 10.96.0.10:80 -s rr"])
        let settings = others.map { "\($0.name): \($0.text)\n" }.joined()
        try context.write(settings + "virtualServers: []", to: "node.yaml")
        // `proxyName` and `services`: other Services are ours, and have another scheduler.
        try context.eventuallyTable(agent, ["-A -t 10.96.0.11:80 -s sh"])
        let status = try context.parse(try context.command("status", "--output", "json").output)
        try expectEqual(
            status["sync"]?["verificationSeconds"]?.scalar.flatMap { Double($0.text) }, 420,
            "the verification's interval")
        try expectEqual(status["drift"]?["policy"]?.scalar?.text, "report", "what is done about drift")
        try context.eventually("metrics are served elsewhere, and addresses are taken") { () throws(ScenarioFailure) in
            let answers = try [10_249, 10_300].map { port throws(ScenarioFailure) in
                try Command(["curl", "-s", "http://127.0.0.1:\(port)/livez"]).run().status == .exited(0)
            }
            let addresses = try Command(["ip", "-brief", "address", "show", "dev", "ipvsync0"]).run().output
            return answers == [false, true] && addresses.contains("10.96.0.11")
        }
        try expect(
            try context.run(["ipvsadm", "-L", "--timeout"]).output.contains(": 1000 "), "the timeouts are as they were")
        try expect(try context.run(["ipvsadm", "-L", "--daemon"]).output.contains("master"), "there is no daemon")
        // Text, and what is told only at the level of debugging.
        try context.eventually("the log is text\n\(agent.error)") { () throws(ScenarioFailure) in
            agent.error.split(separator: "\n").contains { !$0.hasPrefix("{") && $0.contains("synchronized") }
        }
        // `drift`: what others change is left so; `cleanupOnExit`: what is ours goes.
        try context.ipvsadm("-A", "-t", "192.0.2.7:80", "-s", "rr")
        agent.send(SIGTERM)
        try expectEqual(try agent.wait().status, .exited(0))
        try expectEqual(try context.ipvsadmSave(), ["-A -t 192.0.2.7:80 -s rr"])
    }

    /// A Service that another proxy shall serve.
    private static func named(_ name: String, clusterIP: String) -> String {
        #"{"set":"services","object":{"metadata":{"name":"\#(name)","namespace":"default","#
            + #""labels":{"service.kubernetes.io/service-proxy-name":"\#(name)"}},"spec":{"clusterIP":"\#(clusterIP)","#
            + #""clusterIPs":["\#(clusterIP)"],"ports":[{"port":80,"protocol":"TCP"}]}}}"#
    }
}
