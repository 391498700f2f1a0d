import Glibc

extension Scenario {
    /// What operators say by hand to an agent that runs.
    static let byHand: [Scenario] = [
        Scenario("by hand: one of three real servers is drained under traffic, over restarts of the agent") { context in
            let site = try TrafficSite(context)
            var table = TrafficTable(servers: [1, 2, 3])
            var agent = try site.start(table)
            let traffic = try site.startTraffic()
            try traffic.waitForAnswers(50)
            for address in TrafficSite.addresses(of: 1) { try site.command("drain", address) }
            (table.servers, table.draining) = ([2, 3], [1])
            try site.eventually(table, agent)
            var phase = 1
            let expectServers = { (servers: [Int]) throws(ScenarioFailure) in
                traffic.beginPhase()
                try traffic.waitForAnswers(50)
                let found = traffic.report.new(phase: phase).servers
                try expectEqual(found, TrafficSite.addresses(of: servers).sorted(), "servers")
                phase += 1
            }
            try expectServers([2, 3])
            for signal in [SIGKILL, SIGTERM] {
                agent.send(signal)
                _ = try agent.wait()
                agent = try site.startAgent()
                try agent.waitForText(#""message":"ready""#)
                try site.eventually(table, agent)
                try expectServers([2, 3])
            }
            for address in TrafficSite.addresses(of: 1) { try site.command("enable", address) }
            (table.servers, table.draining) = ([1, 2, 3], [])
            try site.eventually(table, agent)
            try expectServers([1, 2, 3])
            try traffic.finish().expectFlawless()
        },
        Scenario("by hand: weights and drains are shown, refused, and end") { context in
            try context.run(["ip", "link", "set", "lo", "up"])
            let file = { (realServers: String) in
                "virtualServers: [{name: web, address: '10.96.0.10:80', scheduler: wrr, realServers: [\(realServers)]}]\n"
            }
            let path = try context.write(file("10.1.0.1, 10.1.0.2"), to: "site.yaml")
            let absent = try context.command("drain", "10.1.0.1", status: 1)
            try expect(absent.error.contains("no agent runs in this network namespace"), absent.description)
            let agent = try context.startIPVSync("--config", path)
            let table = { (first: Int?, second: Int?) in
                ["-A -t 10.96.0.10:80 -s wrr"]
                    + [(1, first), (2, second)].compactMap { number, weight in
                        weight.map { "-a -t 10.96.0.10:80 -r 10.1.0.\(number):80 -m -w \($0)" }
                    }
            }
            try context.eventuallyTable(agent, table(1, 1))
            try context.command("weight", "10.1.0.1", "5", "--virtual-server", "web")
            try context.eventuallyTable(agent, table(5, 1))
            try expect(
                try context.command("show").output.contains("declared 1: weight by hand"), "show does not tell of it")
            // A real server without connections goes at once.
            try context.command("drain", "10.1.0.2:80")
            try context.eventuallyTable(agent, table(5, nil))
            let plan = try context.command("plan", "--config", path)
            try expect(plan.output.contains("By hand: drain 10.1.0.2:80"), plan.output)
            let status = try context.command("status").output
            for text in ["drained by hand", "weight 5", "tcp 10.96.0.10:80", "uid 0"] {
                try expect(status.contains(text), "no \(text) in \(status)")
            }
            let explanation = try context.command("explain", "web", "--config", path).output
            for text in [
                "declared at", "10.1.0.1:80  weight 5  declared 1: weight by hand",
                "10.1.0.2:80  weight 0  declared 1: drained by hand", "by hand: drain 10.1.0.2:80 in all",
            ] {
                try expect(explanation.contains(text), "no \(text) in \(explanation)")
            }
            for command in ["show", "status"] {
                let output = try context.command(command, "--output", "json").output
                let unknown = try sampleFields(command, context).filter { !output.contains("\"\($0)\"") }
                try expectEqual(unknown, command == "status" ? ["connections"] : [], "fields that \(command) has not")
            }
            let metrics = try context.metrics(agent)
            for kind in ["drain", "weight"] {
                try expect(metrics.contains("ipvsync_overrides{kind=\"\(kind)\"} 1\n"), metrics)
            }
            let last = try context.command("drain", "10.1.0.1", status: 1)
            try expect(last.error.contains("--force"), last.error)
            let other = try context.command("drain", "10.1.0.9", status: 1)
            try expect(other.error.contains("there is 10.1.0.1:80"), other.error)
            // Not over TCP, and not for others than root and the agent's user.
            let order = "overrides?action=enable&realServer=10.1.0.1"
            let answer = try Command(
                [
                    "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST",
                    "http://127.0.0.1:10249/" + order,
                ]
            ).run()
            try expectEqual(answer.output, "405", "status over TCP")
            let stranger = try Command(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", context.ipvsync, "enable", "10.1.0.1"]
            ).run()
            try expect(!stranger.succeeded, stranger.description)
            // The same again, for a time that is over soon.
            try context.command("drain", "10.1.0.2:80", "--for", "1s")
            try context.eventuallyTable(agent, table(5, 1))
            try agent.waitForText("its time is over")
            // The real server goes, and comes back as it is declared.
            try context.write(file("10.1.0.2"), to: "site.yaml")
            try agent.waitForText("no virtual server has the real server any more")
            try context.write(file("10.1.0.1, 10.1.0.2"), to: "site.yaml")
            try context.eventuallyTable(agent, table(1, 1))
            let list = try context.parse(try context.command("drain", "--list", "--output", "json").output)
            try expectEqual(list.count("overrides"), 0)
        },
    ]

    /// The fields in the sample of output that a command's help shows.
    private static func sampleFields(_ command: String, _ context: Context) throws(ScenarioFailure) -> [String] {
        let help = try context.command(command, "--help").output.split(
            separator: "\n", omittingEmptySubsequences: false)
        let sample = help.drop { $0 != "SAMPLE OF --output json:" }.prefix { !$0.isEmpty }.joined()
        try expect(!sample.isEmpty, "no sample")
        let parts = sample.split(separator: "\"")
        return zip(parts, parts.dropFirst()).filter { $1.hasPrefix(":") }.map { String($0.0) }
    }
}
