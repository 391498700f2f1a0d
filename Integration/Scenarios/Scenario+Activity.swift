import Glibc

extension Scenario {
    /// Virtual servers that are in the kernel only while an address is on this node.
    static let activity: [Scenario] = [
        Scenario("active when: virtual servers follow an address, and the removal guard lets them go") { context in
            try context.run(["ip", "link", "add", "eth0", "type", "dummy"])
            try context.run(["ip", "link", "set", "eth0", "up"])
            let followers = (1...40).map { "{address: '10.96.0.\($0):80', realServers: [10.1.0.1]}" }
            let path = try context.write(
                """
                defaults: {scheduler: rr, activeWhen: {address: 192.0.2.7}}
                virtualServers: [\(followers.joined(separator: ", "))]
                """, to: "followers.yaml")
            let always = try context.write(
                "virtualServers: [{address: '10.97.0.1:80', scheduler: rr, realServers: [10.1.0.1]}]\n",
                to: "always.yaml")
            let others = ["-A -t 10.97.0.1:80 -s rr", "-a -t 10.97.0.1:80 -r 10.1.0.1:80 -m -w 1"]
            let all =
                (1...40).flatMap {
                    ["-A -t 10.96.0.\($0):80 -s rr", "-a -t 10.96.0.\($0):80 -r 10.1.0.1:80 -m -w 1"]
                } + others
            let files = ["--config", path, "--config", always]
            // Whoever does not stay looks at the moment.
            let plan = try context.command("plan", "--output", "json", "--config", path, "--config", always, status: 2)
            try expect(!plan.output.contains("10.96.0.1"), plan.output)
            try context.run([context.ipvsync, "--once"] + files)
            try expectEqual(try context.ipvsadmSave(), others)
            let agent = try Command([context.ipvsync, "--state-dir", "\(context.directory)/state"] + files).start()
            try agent.waitForText(#""message":"ready""#)
            try expectEqual(try context.ipvsadmSave(), others)
            let status = try context.run([context.ipvsync, "status", "--state-dir", "\(context.directory)/state"])
            try expect(
                status.output.contains("Not active: 40 virtual servers, for 192.0.2.7 is not on this node"),
                status.output)
            for _ in 0..<3 {
                var began = ContinuousClock.now
                try context.run(["ip", "address", "add", "192.0.2.7/32", "dev", "eth0"])
                try context.eventuallyTable(agent, all)
                let came = began.duration(to: .now)
                began = .now
                try context.run(["ip", "address", "del", "192.0.2.7/32", "dev", "eth0"])
                try context.eventuallyTable(agent, others)
                StandardStream.output.writeLine(
                    "40 virtual servers there after \(came), gone after \(began.duration(to: .now))")
            }
            try expect(!agent.error.contains("removals held back"), agent.error)
            agent.send(SIGTERM)
            try expectEqual(try agent.wait().status, .exited(0))
        }
    ]

    /// Programs that are run for events.
    static let hooks: [Scenario] = [
        Scenario("hooks: a program is told of real servers and of the quorum, and holds up nothing") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            // Where another user comes to.
            let folder = try context.run(["mktemp", "-d", "-p", "/run"]).output.filter { !$0.isWhitespace }
            defer { _ = try? Command(["rm", "-rf", folder]).run() }
            try context.run(["chmod", "0777", folder])
            let (log, script) = ("\(folder)/log", "\(folder)/notify")
            let text = try context.write(
                """
                #!/bin/sh
                echo "$1 $IPVSYNC_EVENT $IPVSYNC_REAL_SERVER $IPVSYNC_NAME uid $(id -u)" >>\(log)
                [ "$IPVSYNC_EVENT" != realServerDown ] || exec sleep 600
                """, to: "notify")
            try context.run(["cp", text, script])
            try context.run(["chmod", "0755", script])
            let path = try context.write(
                """
                hooks:
                  realServerDown: [/bin/sh, \(script), a b]
                  realServerUp: [/bin/sh, \(script), a b]
                  quorumLost: [/bin/sh, \(script), q]
                  quorumGained: [/bin/sh, \(script), q]
                  user: nobody
                  timeout: 2s
                virtualServers:
                - name: web
                  address: 10.96.0.10:80
                  scheduler: wrr
                  onFailure: weight 0
                  checks: [{type: tcp, interval: 500ms, timeout: 500ms, fall: 2}]
                  realServers: [127.0.0.1:8080]
                """, to: "farm.yaml")
            let table = { (weight: Int) in
                ["-A -t 10.96.0.10:80 -s wrr", "-a -t 10.96.0.10:80 -r 127.0.0.1:8080 -m -w \(weight)"]
            }
            // Whoever only listens is full after some checks.
            let start = { () throws(ScenarioFailure) in
                let server = try Command(["python3", "-m", "http.server", "--bind", "127.0.0.1", "8080"]).start()
                try context.eventually("the web server answers") { () throws(ScenarioFailure) in
                    try Command(["curl", "-sf", "--max-time", "5", "http://127.0.0.1:8080/"]).run().succeeded
                }
                return server
            }
            let server = try start()
            let agent = try context.startIPVSync("--config", path)
            try agent.waitForText(#""message":"ready""#)
            try context.eventually("it is checked") { () throws(ScenarioFailure) in
                try context.metric("ipvsync_checks{state=\"up\"}") == 1
            }
            server.send(SIGKILL)
            _ = try server.wait()
            try context.eventuallyTable(agent, table(0))
            // Whatever the hook does meanwhile.
            let next = try start()
            try context.eventuallyTable(agent, table(1))
            let wanted = [
                "a b realServerDown 127.0.0.1:8080  uid 65534", "a b realServerUp 127.0.0.1:8080  uid 65534",
                "q quorumLost  web uid 65534", "q quorumGained  web uid 65534",
            ]
            try context.eventually("the hooks were run") { () throws(ScenarioFailure) in
                let lines = try context.run(["sh", "-c", "cat '\(log)' || true"]).outputLines
                return lines.sorted() == wanted.sorted()
            }
            try agent.waitForText(#""message":"hook failed""#)
            try expect(agent.error.contains("killed, for it had not ended within"), agent.error)
            try context.eventually("they are counted") { () throws(ScenarioFailure) in
                let done = try context.metric("ipvsync_hooks_total{result=\"done\"}")
                let failed = try context.metric("ipvsync_hooks_total{result=\"failed\"}")
                return done == 3 && failed == 1
            }
            let changes = try context.command("status").output
            for text in ["real server down", "real server up", "quorum lost", "quorum gained"] {
                try expect(changes.contains(text), "no \(text) in \(changes)")
            }
            next.send(SIGKILL)
            _ = try next.wait()
        }
    ]
}
