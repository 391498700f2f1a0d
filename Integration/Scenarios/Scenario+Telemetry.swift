import Documents
import Glibc

extension Scenario {
    /// What an agent tells of itself.
    static let telemetry: [Scenario] = [
        Scenario("telemetry: metrics as promtool wants them") { context in
            let promtool = try require(Environment.variable("IPVSYNC_PROMTOOL"), "IPVSYNC_PROMTOOL names no promtool")
            let agent = try context.startWebAgent()
            let text = try context.metrics(agent)
            try context.write(text, to: "metrics")
            let check = try Command([promtool, "check", "metrics"], input: text).run()
            // kube-proxy calls a gauge so.
            let remarks = (check.output + check.error).split(separator: "\n").filter {
                !$0.hasPrefix("kubeproxy_sync_proxy_rules_no_local_endpoints_total ")
            }
            try expect(remarks.isEmpty, check.description)
        },
        Scenario("telemetry: a port that another has is served once it is free") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let path = try context.write("virtualServers: []\n", to: "empty.yaml")
            // As a kube-proxy that is still there has it.
            var other: TCPSocket? = try TCPSocket.listen(on: "127.0.0.1", port: 10249)
            let agent = try context.startIPVSync("--config", path)
            try agent.waitForText("metrics and health are not served")
            try agent.waitForText("\"ready\"")
            other = nil
            try agent.waitForText("metrics and health are served after all")
            try expect(try context.metric("process_open_fds") > 0, "no metrics")
        },
        Scenario("telemetry: metrics tell of syncs, owners, drift and traffic") { context in
            try context.ipvsadm("-A", "-t", "192.0.2.77:80", "-s", "rr")
            let listener = try TCPSocket.listen(on: "127.0.0.1", port: 8080)
            let agent = try context.startWebAgent("--sync-interval", "1", realServer: "127.0.0.1:8080")
            try context.run(["ip", "address", "add", "10.96.0.10/32", "dev", "lo"])
            for _ in 0..<3 {
                let client = try TCPSocket.connect(to: "10.96.0.10", port: 80)
                try client.exchange(with: try listener.accept())
            }
            // The kernel adds its counters up every two seconds.
            try context.eventually("the connections are counted") { () throws(ScenarioFailure) in
                try context.metrics(agent).contains(/ipvsync_real_server_connections_total{.*} 3\n/)
            }
            let labels = #"virtual_server="tcp 10.96.0.10:80",namespace="",service="web",port="""#
            let text = try context.metrics(agent)
            for line in [
                "ipvsync_virtual_server_connections_total{\(labels)} 3",
                "ipvsync_real_server_connections_total{\(labels),real_server=\"127.0.0.1:8080\"} 3",
                #"ipvsync_virtual_servers{owner="ipvsync"} 1"#, #"ipvsync_virtual_servers{owner="foreign"} 1"#,
                #"ipvsync_real_servers{owner="ipvsync"} 1"#, "ipvsync_draining_real_servers 0",
                #"ipvsync_health{check="sync",state="ok"} 1"#, #"ipvsync_source_complete{source="files"} 1"#,
                #"ipvsync_syncs_total{scope="everything",result="success"} 1"#,
                #"ipvsync_drift_total{kind="virtual_server_missing"} 0"#,
            ] {
                try expect(text.contains(line + "\n"), "no line \(line) in\n\(text)")
            }
            try context.ipvsadm("-D", "-t", "10.96.0.10:80")
            try context.eventually("the drift is counted and repaired") { () throws(ScenarioFailure) in
                let text = try context.metrics(agent)
                return text.contains("ipvsync_drift_total{kind=\"virtual_server_missing\"} 1\n")
            }
            try expect(try context.ipvsadmSave().contains("-A -t 10.96.0.10:80 -s rr"), "it was not repaired")
            try expect(agent.error.contains(#""message":"drift found""#), agent.error)
        },
        Scenario("telemetry: drift that is only reported, and a clean end") { context in
            let agent = try context.startWebAgent("--sync-interval", "1", "--drift", "report", "--cleanup-on-exit")
            try context.ipvsadm("-A", "-t", "192.0.2.77:80", "-s", "rr")
            try context.ipvsadm("-E", "-t", "10.96.0.10:80", "-s", "sh")
            try agent.waitForText(#""message":"drift found""#)
            try context.waitForVerification(agent)
            try expect(try context.ipvsadmSave().contains("-A -t 10.96.0.10:80 -s sh"), "it was repaired")
            let text = try context.metrics(agent)
            try expect(text.contains("ipvsync_drift_total{kind=\"virtual_server_changed\"} 1\n"), text)
            agent.send(SIGTERM)
            try expectEqual(try agent.wait().status, .exited(0))
            try expectEqual(try context.ipvsadmSave(), ["-A -t 192.0.2.77:80 -s rr"])
        },
        Scenario("telemetry: the log is JSON for machines and text on demand") { context in
            let machine = try context.startWebAgent()
            machine.send(SIGTERM)
            let lines = try machine.wait().error.split(separator: "\n")
            let messages = try lines.map { try context.parse(String($0))["message"]?.scalar?.text ?? "" }
            try expectEqual(
                messages, ["started", "virtual server added", "real server added", "ready", "ended"], "messages")
            let person = try context.startWebAgent("--log-format", "text", "--log-level", "debug")
            try person.waitForText(" debug   synchronized ")
            try expect(!person.error.contains("{"), person.error)
        },
        Scenario("telemetry: the service manager hears of it") { context in
            let script = """
                import os, socket, sys
                server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                server.bind(sys.argv[1])
                print('bound', flush=True)
                while True: print(server.recv(4096).decode().replace('\\n', ' '), flush=True)
                """
            let path = "\(context.directory)/notify"
            let manager = try Command(["python3", "-c", script, path]).start()
            try manager.waitForText("bound")
            let agent = try context.startWebAgent(
                environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"])
            try manager.waitForText("READY=1")
            try manager.waitForText("STATUS=1 virtual servers, 1 real servers")
            try context.eventually("the watchdog is fed") {
                manager.output.split(separator: "\n").count { $0 == "WATCHDOG=1" } >= 4
            }
            agent.send(SIGTERM)
            try manager.waitForText("STOPPING=1")
        },
        Scenario("telemetry: health check node ports tell of local endpoints") { context in
            let server = try APIServerStandIn(context)
            let slice = { (node: String) in
                #"{"set":"endpointslices","object":{"metadata":{"name":"lb-1","namespace":"shop","#
                    + #""labels":{"kubernetes.io/service-name":"lb"}},"addressType":"IPv4","ports":[{"name":"","#
                    + #""port":80}],"endpoints":[{"addresses":["10.1.0.1"],"nodeName":"\#(node)"}]}}"#
            }
            server.tell(
                #"{"set":"services","object":{"metadata":{"name":"lb","namespace":"shop"},"spec":{"#
                    + #""type":"LoadBalancer","externalTrafficPolicy":"Local","healthCheckNodePort":32123,"#
                    + #""clusterIP":"10.96.0.20","clusterIPs":["10.96.0.20"],"ports":[{"port":80,"protocol":"TCP"}]}}}"#
            )
            server.tell(slice("n1"))
            let agent = try context.startIPVSync("--kubeconfig", server.kubeconfig, "--node", "n1")
            let ask = ["curl", "-s", "-i", "http://127.0.0.1:32123/healthz"]
            try context.eventually("a local endpoint is there") { () throws(ScenarioFailure) in
                try expect(agent.isRunning, agent.error)
                let answer = try Command(ask).run().output
                return answer.contains(" 200 ") && answer.contains("X-Load-Balancing-Endpoint-Weight: 1")
            }
            server.tell(slice("n2"))
            try context.eventually("it is elsewhere") { () throws(ScenarioFailure) in
                let answer = try Command(ask).run().output
                return answer.contains(" 503 ") && answer.contains(#""localEndpoints": 0"#)
            }
            server.tell(#"{"delete":"services","name":"shop/lb"}"#)
            try context.eventually("nobody listens any more") { () throws(ScenarioFailure) in
                try Command(ask).run().status == .exited(7)
            }
        },
        Scenario("telemetry: health, and an address that changes") { context in
            let agent = try context.startWebAgent()
            for path in ["livez", "readyz", "healthz"] {
                let answer = try context.run(["curl", "-sf", "http://127.0.0.1:10249/\(path)"]).output
                try expectEqual(try context.parse(answer)["status"]?.scalar?.text, "ok", path)
            }
            try context.write(
                "telemetry: {listen: \"[::1]:9999\"}\n" + Scenario.webFile("10.1.0.1:8080"), to: "web.yaml")
            try context.eventually("the other address is served") { () throws(ScenarioFailure) in
                try Command(["curl", "-sfg", "http://[::1]:9999/readyz"]).run().succeeded
            }
            try expectEqual(
                try Command(["curl", "-sf", "http://127.0.0.1:10249/readyz"]).run().status, .exited(7), "the old one")
            try context.write("virtualServers: [{address: nonsense}]", to: "web.yaml")
            try context.eventually("it is degraded") { () throws(ScenarioFailure) in
                let answer = try Command(["curl", "-sfg", "http://[::1]:9999/healthz"]).run().output
                return answer.contains("degraded") && answer.contains("web.yaml:1:")
            }
            try expect(agent.isRunning, agent.error)
        },
    ]

    fileprivate static func webFile(_ realServer: String) -> String {
        "virtualServers: [{name: web, address: \"10.96.0.10:80\", scheduler: rr, realServers: [\"\(realServer)\"]}]\n"
    }
}

extension Context {
    /// Starts an agent on a file with one virtual server, and waits until it is ready.
    fileprivate func startWebAgent(
        _ arguments: String..., realServer: String = "10.1.0.1:8080", environment: [String: String] = [:]
    ) throws(ScenarioFailure) -> RunningCommand {
        try run(["ip", "link", "set", "lo", "up"])
        let path = try write(Scenario.webFile(realServer), to: "web.yaml")
        let agent = try Command(
            [ipvsync, "--config", path, "--state-dir", "\(directory)/state"] + arguments, environment: environment
        ).start()
        try agent.waitForText("ready")
        return agent
    }
}
