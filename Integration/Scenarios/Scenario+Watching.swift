import Documents
import Glibc

extension Scenario {
    /// What people see of a running agent and of the traffic.
    static let watching: [Scenario] = [
        Scenario("watching: status tells of a healthy agent, as text and as documents") { context in
            let path = try context.write(file(["198.51.100.1:80", "198.51.100.2:80"]), to: "web.yaml")
            try context.ipvsadm("-A", "-f", "5", "-s", "sh")
            let agent = try context.startAgent(path)
            let text = try context.command("status").output
            for part in [
                "Health: ok\n", "1 virtual server with 2 real servers, 0 draining; 1 foreign virtual server",
                "files   complete", "Drift (policy repair): none found", "Changes: 3\n", "tcp 192.0.2.1:80 (web)",
            ] {
                try expect(text.contains(part), "\"\(part)\" is missing in:\n\(text)")
            }
            try expect(!text.contains("\u{1B}"), "colours without a terminal: \(text)")
            let json = try context.parse(try context.command("status", "--output", "json").output)
            let yaml = try context.parse(try context.command("status", "--output", "yaml").output)
            for document in [json, yaml] {
                try expectEqual(document["health"]?["status"]?.scalar?.text, "ok")
                try expectEqual(document["table"]?.number("realServers"), 2)
                try expectEqual(document["changes"]?.count("latest"), 3)
                try expectEqual(document.count("sources"), 1)
                try expectEqual(document.number("pid"), Int(agent.identifier))
            }
        },
        Scenario("watching: an invalid edit shows as degraded, with its place") { context in
            let path = try context.write(file(["198.51.100.1:80"]), to: "web.yaml")
            let agent = try context.startAgent(path)
            try context.write("virtualServers:\n- {address: nonsense}\n", to: "web.yaml")
            try agent.waitForText("what was declared before stays")
            var text = ""
            try context.eventually("the status is degraded") { () throws(ScenarioFailure) in
                text = try context.command("status").output
                return text.contains("Health: degraded")
            }
            try expect(text.contains("web.yaml:2:"), text)
        },
        Scenario("watching: without an agent, or without the right to ask, status says so") { context in
            let none = try context.command("status", status: 1)
            try expectEqual(none.output, "")
            try expect(none.error.contains("no agent runs in this network namespace: start one"), none.error)
            let path = try context.write(file([]), to: "web.yaml")
            let agent = try context.startAgent(path)
            let nobody = ["setpriv", "--reuid", "65534", "--clear-groups", context.ipvsync]
            let forbidden = try Command(nobody + ["status"]).run()
            try expectEqual(forbidden.status, .exited(4), "\(forbidden)")
            try expect(forbidden.error.contains("not permitted"), forbidden.error)
            try expectEqual(try Command(nobody + ["watch"]).run().status, .exited(4))
            try context.command("status", "--state-dir", "\(context.directory)/elsewhere", status: 1)
            // A killed agent leaves its socket behind.
            agent.send(SIGKILL)
            _ = try agent.wait()
            try expect(try context.command("status", status: 1).error.contains("no agent runs"), "no reason")
        },
        Scenario("watching: status lists a drain with its connections and times") { context in
            for address in ["192.0.2.1", "198.51.100.1"] {
                try context.run(["ip", "address", "add", "\(address)/32", "dev", "lo"])
            }
            let server = try TCPSocket.listen(on: "198.51.100.1", port: 80)
            let path = try context.write(file(["198.51.100.1:80"]), to: "web.yaml")
            let agent = try context.startAgent(path)
            let client = try TCPSocket.connect(to: "192.0.2.1", port: 80)
            try client.exchange(with: try server.accept())
            try context.write(file([]), to: "web.yaml")
            try agent.waitForText("real server draining")
            var line = ""
            try context.eventually("the drain is listed") { () throws(ScenarioFailure) in
                let lines = try context.command("status").outputLines
                line = lines.first { $0.hasPrefix("tcp 192.0.2.1:80") } ?? ""
                return !line.isEmpty
            }
            let words = line.split(separator: " ").map(String.init)
            try expectEqual(Array(words.prefix(4)), ["tcp", "192.0.2.1:80", "198.51.100.1:80", "1"])
            try expect(words.count == 7 && words[5].hasPrefix("14m") || words[5] == "15m", line)
        },
        Scenario("watching: without a screen, changes and traffic are lines") { context in
            for address in ["192.0.2.1", "198.51.100.1"] {
                try context.run(["ip", "address", "add", "\(address)/32", "dev", "lo"])
            }
            let server = try TCPSocket.listen(on: "198.51.100.1", port: 80)
            let path = try context.write(file(["198.51.100.1:80"]), to: "web.yaml")
            let agent = try context.startAgent(path)
            let changes = try context.startIPVSync("watch", "--interval", "60")
            let traffic = try context.startIPVSync("watch", "--interval", "1", "--output", "json", "tcp 192.0.2.1:80")
            // Only those after its first look are told of, and long before the interval is over.
            var isThere = false
            try context.eventually("a change is told of") { () throws(ScenarioFailure) in
                isThere.toggle()
                try context.write(
                    file(isThere ? ["198.51.100.1:80", "198.51.100.2:80"] : ["198.51.100.1:80"]), to: "web.yaml")
                try context.eventually("the change is made") { () throws(ScenarioFailure) in
                    try context.ipvsadmSave().count { $0.hasPrefix("-a") } == (isThere ? 2 : 1)
                }
                return changes.output.contains("real server added  tcp 192.0.2.1:80 (web)  198.51.100.2:80")
            }
            try expect(!changes.output.contains("virtual server added"), "older changes too: \(changes.output)")
            changes.send(SIGINT)
            try expectEqual(try changes.wait().status, .exited(0))
            try context.command("watch", "--count", "2", "--interval", "1")
            try context.write(file(["198.51.100.1:80"]), to: "web.yaml")
            try context.eventually("one real server is left") { () throws(ScenarioFailure) in
                try context.ipvsadmSave().count { $0.hasPrefix("-a") } == 1
            }
            try traffic.waitForText(#""message":"real server removed""#)
            try context.eventually("the traffic is told of") { () throws(ScenarioFailure) in
                let client = try TCPSocket.connect(to: "192.0.2.1", port: 80)
                try client.exchange(with: try server.accept())
                return traffic.output.contains(#""kind":"traffic""#)
            }
            try expect(agent.isRunning, "the agent ended")
            traffic.send(SIGTERM)
            let result = try traffic.wait()
            try expectEqual(result.status, .exited(0))
            for line in result.outputLines {
                let event = try context.parse(line)
                guard event["kind"]?.scalar?.text == "traffic" else { continue }
                try expectEqual(event["virtualServer"]?.scalar?.text, "tcp 192.0.2.1:80")
                try expect(event["connectionsPerSecond"]?.scalar.flatMap { Double($0.text) } ?? 0 > 0, line)
            }
        },
        Scenario("watching: it ends quietly when nobody reads any more") { context in
            let shell = try context.run(["bash", "-c", "set -o pipefail; '\(context.ipvsync)' watch | head -n 1"])
            try expect(shell.output.contains("agent absent"), shell.output)
            try expectEqual(shell.error, "")
        },
        Scenario("watching: a terminal shows the table, and is put back") { context in
            let path = try context.write(file(["198.51.100.1:80"]), to: "web.yaml")
            // Without an agent the kernel's table stands alone.
            try context.command("--once", "--config", path)
            let alone = try context.onTerminal("watch --count 1")
            try expect(alone.contains("no agent runs in this network namespace"), alone)
            try expect(alone.contains("  -> 198.51.100.1:80"), alone)
            let agent = try context.startAgent(path)
            let counted = try context.onTerminal("watch --count 2 --interval 1 --sort name")
            try expect(counted.contains("ipvsync on ") && counted.contains(": ok, 1 virtual server"), counted)
            for text in [alone, counted] {
                try expect(text.hasPrefix(Self.enter) && text.hasSuffix(Self.leave), text)
            }
            for end in ["printf q", #"printf '\003'"#, "kill -TERM $(cat process)"] {
                let text = try context.onTerminal("watch --interval 60", input: "\(Self.untilDrawn); \(end)")
                try expect(text.hasSuffix(Self.leave), "\(end): \(text)")
            }
            try expect(agent.isRunning, "the agent ended")
        },
        Scenario("watching: an error is said once the terminal is put back") { context in
            let folder = "\(context.directory)/state"
            try context.sync(file([]), "--state-dir", folder)
            let text = try context.onTerminal(
                "watch --interval 1 --state-dir '\(folder)'",
                input: "\(Self.untilDrawn); for file in '\(folder)'/ledger-*; do rm $file; mkdir $file; done", status: 4
            )
            let end = try require(text.components(after: Self.leave), "the screen stays: \(text)")
            try expect(end.contains("ipvsync: \(folder)/ledger-") && end.contains("is not trusted"), end)
        },
    ]

    private static let enter = "\u{1B}[?1049h\u{1B}[?25l"
    private static let leave = "\u{1B}[?25h\u{1B}[?1049l"
    /// Waits until the terminal shows the program's first frame.
    private static let untilDrawn = "until grep -q ' virtual server' record 2>/dev/null; do sleep 0.05; done"

    private static func file(_ realServers: [String]) -> String {
        "virtualServers: [{name: web, address: \"192.0.2.1:80\", scheduler: rr, realServers: \(realServers)}]"
    }
}

extension String {
    /// What stands after the last of these; `nil` when there is none.
    fileprivate func components(after text: String) -> String? {
        ranges(of: text).last.map { String(self[$0.upperBound...]) }
    }
}

extension Context {
    /// Starts an agent on a file, and waits until it answers and has made the table right.
    fileprivate func startAgent(_ path: String) throws(ScenarioFailure) -> RunningCommand {
        try run(["ip", "link", "set", "lo", "up"])
        let agent = try startIPVSync("--config", path)
        try agent.waitForText(#""message":"ready""#)
        return agent
    }

    /// What the ipvsync under test writes to a terminal of its own, while a shell types and does what it is told.
    ///
    /// It has to end by itself with that status, and the terminal has to be as it was.
    fileprivate func onTerminal(
        _ arguments: String, input: String = ":", status: Int = 0, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> String {
        let command =
            "stty rows 24 cols 100; stty -g >before; sh -c 'echo $$ >process; exec \"$0\" \"$@\"' "
            + "'\(ipvsync)' \(arguments); echo $? >status; stty -g >after"
        let shell =
            "cd '\(directory)'; rm -f record status; (\(input); until [ -e status ]; do sleep 0.05; done) | "
            + "script --flush -qec \"$0\" record >/dev/null; cat status; "
            + "cmp before after"
        let result = try run(
            ["bash", "-c", shell, command], environment: ["TERM": "xterm", "NO_COLOR": "1"], file: file, line: line)
        // The first line of the record and the last are of `script` itself.
        let record = try run(["cat", "\(directory)/record"], file: file, line: line).output
        try expectEqual(result.output, "\(status)\n", "\(record)\nexit status", file: file, line: line)
        let start = record.firstIndex(of: "\n").map(record.index(after:)) ?? record.endIndex
        let end = record.ranges(of: "\nScript done").last?.lowerBound ?? record.endIndex
        return String(record[start..<max(start, end)])
    }
}
