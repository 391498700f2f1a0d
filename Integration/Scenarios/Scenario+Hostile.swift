import Glibc
import TestSupport

extension Scenario {
    /// Texts of tenants, of the kernel and of others on the machine, on their way to a terminal and a log; files that
    /// others have put there.
    static let hostile: [Scenario] = [
        Scenario("hostile: names of the kernel and of tenants reach no terminal as they are", timeLimit: .seconds(180))
        {
            context in
            let site = try HostileNode(context)
            try site.checkCommands()
            for format in ["text", "json"] { try site.checkAgent(logging: format) }
        },
        Scenario("hostile: a FIFO among the files is refused, and the agent goes on") { context in
            try context.run(["mkdir", "\(context.directory)/conf.d"])
            try context.write("virtualServers: [{address: 192.0.2.1:80, realServers: []}]", to: "conf.d/a.yaml")
            let agent = try context.startIPVSync("--config", "\(context.directory)/conf.d")
            try agent.waitForText("ready")
            try context.run(["mkfifo", "\(context.directory)/conf.d/b.yaml"])
            try agent.waitForText("it is a FIFO, and no regular file")
            try expect(try context.command("status").output.contains("Health: degraded"), "it does not answer")
            try context.run(["rm", "\(context.directory)/conf.d/b.yaml"])
            try context.eventually("it is well again") { () throws(ScenarioFailure) in
                try context.command("status").output.contains("Health: ok")
            }
            agent.send(SIGTERM)
            try expectEqual(try agent.wait(timeLimit: .seconds(10)).status, .exited(0))
        },
        Scenario("hostile: a FIFO as the ledger, and the state of others, are refused") { context in
            let path = try context.write(
                "virtualServers: [{address: 192.0.2.1:80, realServers: []}]", to: "web.yaml")
            let state = "\(context.directory)/state"
            try context.command("--once", "--config", path, "--state-dir", state)
            let ledgers = try context.run(["ls", state]).outputLines.filter { $0.hasPrefix("ledger-") }
            let ledger = "\(state)/\(try require(ledgers.first, "no ledger"))"
            let commands = [
                ["--once", "--config", path], ["plan", "--config", path], ["show"], ["cleanup"],
                ["cleanup", "--dry-run"],
            ]
            func expectRefusal(_ reason: String) throws(ScenarioFailure) {
                for arguments in commands {
                    let result = try Command([context.ipvsync] + arguments + ["--state-dir", state]).run()
                    try expectEqual(result.status, .exited(4), "\(result)\nexit status")
                    try expect(result.error.contains("is not trusted: \(reason)"), "\(result)")
                }
                // It does not hang either, and leaves the table as it is.
                let agent = try context.startIPVSync("--config", path, "--state-dir", state)
                try context.eventually("the agent says so") { () throws(ScenarioFailure) in
                    agent.error.contains("is not trusted: \(reason)")
                }
                agent.send(SIGTERM)
                _ = try agent.wait(timeLimit: .seconds(20))
                try expectEqual(try context.ipvsadmSave(), ["-A -t 192.0.2.1:80 -s wlc"])
            }
            try context.run(["mv", ledger, "\(ledger).kept"])
            try context.run(["mkfifo", ledger])
            try expectRefusal("it is a FIFO")
            try context.run(["rm", ledger])
            try context.run(["mv", "\(ledger).kept", ledger])
            try context.run(["chown", "4711", ledger])
            try expectRefusal("it belongs to user 4711")
            try context.run(["chown", "0", ledger])
            try context.run(["chmod", "0777", state])
            try expectRefusal("users beside its owner may write to it")
            try context.run(["chmod", "0755", state])
            try context.run(["chown", "4711", state])
            try expectRefusal("it belongs to user 4711")
            try expectEqual(
                try Command([context.ipvsync, "status", "--state-dir", state]).run().status, .exited(4), "status")
            try context.run(["chown", "0", state])
            try context.command("cleanup", "--state-dir", state)
            try expectEqual(try context.ipvsadmSave(), [])
        },
        Scenario("hostile: the reader of the log goes, and the agent stays") { context in
            let path = try context.write(
                "virtualServers: [{address: 192.0.2.1:80, realServers: []}]", to: "web.yaml")
            let pipe = "\(context.directory)/log"
            try context.run(["mkfifo", pipe])
            let script =
                "exec 3<>'\(pipe)'; '\(context.ipvsync)' --config '\(path)' 2>'\(pipe)' & exec 3<&-; head -n 1 <'\(pipe)' >/dev/null; wait"
            let agent = try Command(["bash", "-c", script]).start()
            try context.eventually("the table is made") { () throws(ScenarioFailure) in
                try context.ipvsadmSave() == ["-A -t 192.0.2.1:80 -s wlc"]
            }
            for port in 81...83 {
                try context.write(
                    "virtualServers: [{address: 192.0.2.1:\(port), realServers: []}]", to: "web.yaml")
                try context.eventually("the change is made, and told to nobody") { () throws(ScenarioFailure) in
                    try context.ipvsadmSave() == ["-A -t 192.0.2.1:\(port) -s wlc"]
                }
            }
            try expect(agent.isRunning, "it has ended")
            _ = try context.command("status")
        },
    ]
}

/// A node of which every name that others choose is hostile.
private struct HostileNode {
    let context: Context
    private let manifests: String
    private let configuration: String
    /// As the kernel takes it: no space, slash or colon, at most 15 bytes.
    private static let device = "d\u{1B}[2J\u{9B}\u{202E}"

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        let text = TerminalBytes.escaped
        manifests = try context.write(
            """
            {"apiVersion":"v1","kind":"List","items":[
            {"apiVersion":"v1","kind":"Service",
            "metadata":{"name":"web","namespace":"tenant","annotations":{"ipvsync.io/scheduler":"\(text)",
            "ipvsync.io/\(text)":"\(text)"}},"spec":{"clusterIPs":["10.96.1.1"],"ports":[{"name":"\(text)","port":80}],
            "externalIPs":["\(text)"],"type":"LoadBalancer","loadBalancerSourceRanges":["\(text)"]},
            "status":{"loadBalancer":{"ingress":[{"ip":"\(text)"}]}}},
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"\(text)","namespace":"\(text)"},
            "spec":{"clusterIPs":["10.96.1.2"],"ports":[{"port":80}]}},
            {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice",
            "metadata":{"name":"\(text)","namespace":"tenant",
            "labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","ports":[{"name":"\(text)","port":80}],
            "endpoints":[{"addresses":["10.244.1.2"]}]}]}
            """, to: "\(TerminalBytes.fileName).json")
        configuration = try context.write(
            "{virtualServers: [], network: {firewall: false}}", to: "\(TerminalBytes.fileName).yaml")
        try context.run(["ip", "link", "add", "name", Self.device, "type", "dummy"])
        try context.run(["ip", "address", "add", "10.96.1.1/32", "dev", Self.device])
        try context.run(["ip", "link", "set", Self.device, "up"])
        try context.ipvsadm("--start-daemon", "master", "--mcast-interface", Self.device, "--syncid", "7")
        try context.ipvsadm("-A", "-f", "5", "-s", "sh")
    }

    private var source: [String] {
        ["--manifests", manifests, "--config", configuration, "--node", TerminalBytes.hostile]
    }

    private func check(_ result: CommandResult) throws(ScenarioFailure) {
        for text in [result.output, result.error] { try check(text, "\(result.arguments)") }
    }

    private func check(_ text: String, _ subject: String) throws(ScenarioFailure) {
        if let fault = TerminalBytes.fault(in: Array(text.utf8)) { throw ScenarioFailure("\(fault) of \(subject)") }
    }

    private func isShown(_ text: String) -> Bool { ["\\u{1B}", "\\u001b", "\\x1b"].contains { text.contains($0) } }

    /// Every command that looks at the kernel, in every form.
    func checkCommands() throws(ScenarioFailure) {
        let calls = [
            ["plan"] + source, ["--once", "--dry-run"] + source, ["takeover", "--dry-run"] + source,
            ["--once"] + source,
            ["--once"] + source, ["plan", "--config", configuration], ["show"], ["show", "--stats"],
            ["watch", "--count", "1"],
            ["doctor"], ["cleanup", "--dry-run"], ["status"], ["validate"] + source, ["cleanup"],
        ]
        for call in calls {
            // What is read by no program has no form.
            let forms = call[0] == "validate" ? [[]] : ["text", "json", "yaml"].map { ["--output", $0] }
            for form in forms { try check(try Command([context.ipvsync] + call + form).run()) }
        }
        for call in [["import"], ["export"], ["zero", TerminalBytes.hostile]] {
            try check(try Command([context.ipvsync] + call).run())
        }
        let document = try context.run([context.ipvsync, "show", "--output", "json"]).output
        try expect(isShown(document), "the device's name is not shown: \(document)")
        let plan = try Command([context.ipvsync, "plan"] + source).run()
        try expect(plan.output.contains("for another device has them"), plan.description)
    }

    /// An agent with its log in that form, what it answers, and what the commands say of it.
    func checkAgent(logging format: String) throws(ScenarioFailure) {
        let listen = ["--listen", "127.0.0.1:10249", "--log-format", format, "--log-level", "debug"]
        let agent = try Command([context.ipvsync] + source + listen).start()
        try agent.waitForText("ready")
        for form in ["text", "json", "yaml"] {
            for call in [["status"], ["show"], ["watch", "--count", "2", "--interval", "1"], ["plan"] + source] {
                let result = try Command([context.ipvsync] + call + ["--output", form]).run()
                try check(result)
                if call == ["status"] { try expect(isShown(result.output), "nothing hostile: \(result)") }
            }
        }
        for path in ["metrics", "healthz", "livez", "readyz", "status", "", "%1B%5B2J%0D%0A"] {
            let answer = try Command(["curl", "-s", "-g", "http://127.0.0.1:10249/\(path)"]).run()
            try expect(!answer.output.isEmpty, "no answer for \(path)")
            try check(answer)
        }
        agent.send(SIGTERM)
        let result = try agent.wait()
        try check(result)
        try expect(isShown(result.error), "nothing hostile in the log: \(result)")
    }
}
