import Documents
import Glibc

extension Scenario {
    /// What a node does to an agent, and what it makes of it.
    static let adversity: [Scenario] = [
        Scenario("adversity: stopped for a while, it catches up with files and with others") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let path = try context.write(file("10.1.0.1"), to: "web.yaml")
            let agent = try context.startIPVSync("--config", path, "--sync-interval", "1")
            try context.eventuallyTable(agent, table("10.1.0.1"))
            agent.send(SIGSTOP)
            try context.write(file("10.1.0.2"), to: "web.yaml")
            try context.ipvsadm("-E", "-t", "10.96.0.10:80", "-s", "sh")
            // The clocks run on, so that every look is overdue; how long makes no difference.
            sleep(2)
            try expect(try context.ipvsadmSave() != table("10.1.0.2"), "it was not stopped")
            agent.send(SIGCONT)
            try context.eventuallyTable(agent, table("10.1.0.2"))
        },
        Scenario("adversity: a configuration directory that goes, comes back, and is replaced") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let folder = "\(context.directory)/conf"
            try context.run(["mkdir", folder])
            try context.write(file("10.1.0.1"), to: "conf/web.yaml")
            let agent = try context.startIPVSync("--config", folder)
            try context.eventuallyTable(agent, table("10.1.0.1"))
            try context.run(["rm", "-r", folder])
            try context.eventually("its health tells of it") { () throws(ScenarioFailure) in
                let answer = try Command(["curl", "-s", "http://127.0.0.1:10249/healthz"]).run().output
                return answer.contains("degraded") && answer.contains(folder)
            }
            try expectEqual(try context.ipvsadmSave(), table("10.1.0.1"))
            try context.run(["mkdir", folder])
            try context.write(file("10.1.0.2"), to: "conf/web.yaml")
            try context.eventuallyTable(agent, table("10.1.0.2"))
            try context.run(["mv", folder, folder + ".old"])
            try context.run(["mkdir", folder])
            try context.write(file("10.1.0.3"), to: "conf/web.yaml")
            try context.eventuallyTable(agent, table("10.1.0.3"))
            // The new directory is watched as the old one was.
            try context.write(file("10.1.0.4"), to: "conf/web.yaml")
            try context.eventuallyTable(agent, table("10.1.0.4"))
            let health = try context.run(["curl", "-sf", "http://127.0.0.1:10249/healthz"]).output
            try expectEqual(try context.parse(health)["status"]?.scalar?.text, "ok")
        },
        Scenario("adversity: a ledger that is corrupt, or of another boot, is trusted in nothing") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let path = try context.write(file("10.1.0.1"), to: "web.yaml")
            let state = "\(context.directory)/state"
            try context.command("--once", "--config", path, "--state-dir", state)
            try context.run(["sh", "-c", "for file in \(state)/ledger-*; do echo nonsense >>\"$file\"; done"])
            let agent = try context.startIPVSync("--config", path, "--state-dir", state)
            try agent.waitForText("the ledger is not used")
            try context.write(file("10.1.0.2"), to: "web.yaml")
            try context.eventuallyTable(agent, table("10.1.0.2"))
            try context.run(["sh", "-c", "ls \(state)/ledger-*.corrupt"])
            agent.send(SIGTERM)
            _ = try agent.wait()
            // Of another boot: what it speaks of is nobody's, and stays.
            try context.run([
                "sh", "-c",
                "sed -i \"s/$(cat /proc/sys/kernel/random/boot_id)/00000000-0000-0000-0000-000000000000/\" "
                    + "$(ls \(state)/ledger-* | grep -v corrupt)",
            ])
            try context.write("virtualServers: []", to: "web.yaml")
            try context.command("--once", "--config", path, "--state-dir", state)
            try expectEqual(try context.ipvsadmSave(), table("10.1.0.2"))
        },
        Scenario("adversity: a step of the wall clock neither ends nor prolongs a drain", tags: [.guest]) { context in
            let guest = try context.run(["cat", "/proc/cmdline"]).output
            // The host's own clock is not a scenario's to set; there the ledger's clock is held by unit tests alone.
            guard guest.contains("ipvsync.exchange=") || guest.contains("uml_dir=") else { return }
            for address in ["10.96.0.10", "127.0.0.2"] {
                try context.run(["ip", "address", "add", "\(address)/32", "dev", "lo"])
            }
            let listener = try TCPSocket.listen(on: "127.0.0.2", port: 8080)
            func declare(_ address: String, drainTimeout: Int) throws(ScenarioFailure) -> String {
                try context.write("drainTimeout: \(drainTimeout)s\n" + file(address), to: "web.yaml")
            }
            let path = try declare("127.0.0.2", drainTimeout: 60)
            let agent = try context.startIPVSync("--config", path)
            try context.eventuallyTable(agent, table("127.0.0.2"))
            let client = try TCPSocket.connect(to: "10.96.0.10", port: 80)
            let server = try listener.accept()
            try client.exchange(with: server)
            // The drain has to outlast the steps, as long as they take now.
            let rehearsal = try ContinuousClock().measure { () throws(ScenarioFailure) in
                try context.run(["date"])
                try client.exchange(with: server)
                _ = try context.ipvsadmSave()
            }
            let drainTimeout = 8 + Int((rehearsal * 20).components.seconds)
            let started = ContinuousClock.now
            _ = try declare("10.1.0.2", drainTimeout: drainTimeout)
            try agent.waitForText("real server draining")
            for step in ["+1 day", "-2 days"] {
                try context.run(["date", "-s", step])
                try client.exchange(with: server)
            }
            try context.eventuallyTable(agent, table("10.1.0.2"))
            try context.run(["date", "-s", "+1 day"])
            let lasted = ContinuousClock.now - started
            // The clock of drains counts whole seconds. A step back by two days has not made it last two days.
            try expect(lasted > .seconds(drainTimeout - 2), "it lasted \(lasted)")
        },
        Scenario("adversity: a state directory without room, while the agent runs") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let disk = try SoakDisk(context, figures: SoakFigures())
            let path = try context.write(file("10.1.0.1"), to: "web.yaml")
            let agent = try context.startIPVSync(
                "--config", path, "--state-dir", disk.directory, "--sync-interval", "5")
            try context.eventuallyTable(agent, table("10.1.0.1"))
            try disk.fill()
            // What the ledger knows already can be put right.
            try context.ipvsadm("-E", "-t", "10.96.0.10:80", "-s", "sh")
            try context.eventuallyTable(agent, table("10.1.0.1"))
            let more = "- {address: \"10.96.0.11:80\", scheduler: rr, realServers: []}\n"
            try context.write("virtualServers:\n- \(server("10.1.0.2"))\n\(more)", to: "web.yaml")
            try context.eventually("its health tells of it") { () throws(ScenarioFailure) in
                let answer = try Command(["curl", "-s", "http://127.0.0.1:10249/healthz"]).run().output
                return ["\"degraded\"", "\(disk.directory)/ledger-", "No space left on device"]
                    .allSatisfy { answer.contains($0) }
            }
            // After another attempt, too, nothing is there that the ledger does not have.
            let failures = #"ipvsync_syncs_total{scope="everything",result="failed"}"#
            let failed = try context.metric(failures)
            agent.send(SIGHUP)
            try context.eventually("another attempt") { () throws(ScenarioFailure) in
                try context.metric(failures) > failed
            }
            try expectEqual(try context.ipvsadmSave(), table("10.1.0.1"))
            try disk.free()
            try context.eventuallyTable(agent, table("10.1.0.2") + ["-A -t 10.96.0.11:80 -s rr"])
            try context.eventually("it is well again") { () throws(ScenarioFailure) in
                let answer = try context.run(["curl", "-s", "http://127.0.0.1:10249/healthz"]).output
                return try context.parse(answer)["status"]?.scalar?.text == "ok"
            }
            let ledger = try context.run(["sh", "-c", "cat '\(disk.directory)'/ledger-*"]).outputLines
            try expectEqual(ledger.count { $0.hasPrefix("own\t") }, 2, "owned virtual servers")
        },
        Scenario("adversity: two agents, of which the second takes over when the first ends") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let path = try context.write(file("10.1.0.1"), to: "web.yaml")
            let first = try context.startIPVSync("--config", path)
            try context.eventuallyTable(first, table("10.1.0.1"))
            let second = try context.startIPVSync("--config", path)
            try second.waitForText("another ipvsync is at work")
            // What the second read before this is out of date when its turn comes.
            try context.write(file("10.1.0.2"), to: "web.yaml")
            try context.eventuallyTable(first, table("10.1.0.2"))
            first.send(SIGTERM)
            try expectEqual(try first.wait().status, .exited(0))
            try context.eventually("the second is ready") { () throws(ScenarioFailure) in
                try expectEqual(try context.ipvsadmSave(), table("10.1.0.2"))
                try expect(second.isRunning, second.error)
                return second.error.contains(#""message":"ready""#)
            }
            try expect(!second.error.contains("real server"), "the table was touched: \(second.error)")
            try context.write(file("10.1.0.3"), to: "web.yaml")
            try context.eventuallyTable(second, table("10.1.0.3"))
        },
    ]

    private static func file(_ address: String) -> String {
        "virtualServers: [\(server(address))]\n"
    }

    private static func server(_ address: String) -> String {
        "{address: \"10.96.0.10:80\", scheduler: rr, realServers: [\"\(address):8080\"]}"
    }

    private static func table(_ address: String) -> [String] {
        ["-A -t 10.96.0.10:80 -s rr", "-a -t 10.96.0.10:80 -r \(address):8080 -m -w 1"]
    }
}
