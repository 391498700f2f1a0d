import Glibc

extension Scenario {
    /// What the agent does under continuous traffic of both families: 50 new connections a second of each, and long-lived
    /// ones that put a question 100 ms after each answer.
    static let traffic: [Scenario] =
        [
            Scenario("traffic: every real server is replaced one by one") { context in
                let site = try TrafficSite(context)
                var table = TrafficTable(servers: [1, 2, 3, 4])
                let agent = try site.start(table)
                let traffic = try site.startTraffic()
                try traffic.waitForAnswers(50)
                for old in 1...4 {
                    table.servers.removeFirst()
                    table.servers.append(old + 4)
                    table.draining.append(old)
                    try site.declare(table)
                    try site.eventually(table, agent)
                    traffic.beginPhase()
                    try traffic.waitForAnswers(50)
                    // What drains gets no new connection; what is new gets its share.
                    let servers = traffic.report.new(phase: old).servers
                    try expectEqual(servers, TrafficSite.addresses(of: table.servers).sorted(), "servers")
                }
                try traffic.closeLongConnections()
                table.draining = []
                try site.eventually(table, agent)
                try traffic.finish().expectFlawless()
            },
            Scenario("traffic: scheduler and persistence are edited") { context in
                let site = try TrafficSite(context)
                var table = TrafficTable(servers: [1, 2, 3, 4])
                let agent = try site.start(table)
                let traffic = try site.startTraffic()
                let steps: [(scheduler: String, persistence: Int?)] = [
                    ("wrr", nil), ("sh", nil), ("lc", nil), ("lc", 300), ("rr", 300), ("rr", nil),
                ]
                var excused: Set<Int> = []
                for (index, step) in steps.enumerated() {
                    if step.scheduler != table.scheduler, hasSeveralCPUs { excused.insert(2 * index + 1) }
                    traffic.beginPhase()
                    (table.scheduler, table.persistence) = step
                    try site.declare(table)
                    try site.eventually(table, agent)
                    traffic.beginPhase()
                    try traffic.waitForAnswers(42)
                    // That the edit counts shows in who meets whom.
                    let sources = traffic.report.new(phase: 2 * index + 2).serversBySource
                    try expectEqual(sources.count, 14, "addresses of the client")
                    let isBound = step.scheduler == "sh" || step.persistence != nil
                    try expect(sources.values.allSatisfy { ($0.count == 1) == isBound }, "\(step): \(sources)")
                }
                let report = try traffic.finish()
                try report.expectFlawless(except: excused)
                for phase in excused {
                    let failures = report.new(phase: phase).failures
                    try expect(failures.allSatisfy { $0.code == ECONNREFUSED }, "\(failures)")
                }
            },
            Scenario("traffic: a real server that clients are bound to is replaced") { context in
                let site = try TrafficSite(context)
                // As `ipvsync doctor` advises. Without it, bound clients come to a drained real server up to its end.
                try TrafficSite.set("ipv4/vs/expire_quiescent_template", "1")
                var table = TrafficTable(servers: [1, 2, 3, 4], persistence: 300)
                let agent = try site.start(table)
                let traffic = try site.startTraffic()
                try traffic.waitForAnswers(100)
                for old in [1, 2, 3] {
                    table.servers.removeFirst()
                    table.servers.append(old + 4)
                    table.draining.append(old)
                    try site.declare(table)
                    try site.eventually(table, agent)
                    traffic.beginPhase()
                    try traffic.waitForAnswers(40)
                    let servers = Set(traffic.report.new(phase: old).servers)
                    try expect(servers.isSubset(of: TrafficSite.addresses(of: table.servers)), "\(servers)")
                }
                try traffic.finish().expectFlawless()
            },
            Scenario("traffic: the agent is restarted and killed") { context in
                let site = try TrafficSite(context)
                var table = TrafficTable(servers: [1, 2, 3, 4])
                var agent = try site.start(table)
                let traffic = try site.startTraffic()
                try site.declareDrainTimeout(atLeast: 10, changes: 4, in: &table, agent)
                table.servers.removeFirst()
                table.draining = [1]
                let began = ContinuousClock.now - traffic.start
                try site.declare(table)
                try site.eventually(table, agent)
                let drains = try site.drains(of: 1)
                try expectEqual(drains.count, 2, "drains in the ledger")
                for (index, signal) in [SIGKILL, SIGTERM, SIGKILL].enumerated() {
                    agent.send(signal)
                    _ = try agent.wait()
                    // What is declared while there is no agent is for the next one. A drain begins with the last one.
                    table.servers.append(5 + index)
                    if index == 2 {
                        table.servers.removeFirst()
                        table.draining.append(2)
                    }
                    try site.declare(table)
                    traffic.beginPhase()
                    try traffic.waitForAnswers(90)
                    agent = try site.startAgent()
                    try site.eventually(table, agent)
                    try expectEqual(try site.drains(of: 1), drains, "drains in the ledger")
                }
                // Had the first drain begun anew with the last agent, both would end at the same time.
                table.draining = [2]
                try site.eventually(table, agent)
                traffic.beginPhase()
                try traffic.waitForAnswers(50)
                table.draining = []
                try site.eventually(table, agent)
                try traffic.waitForCuts(of: TrafficSite.addresses(of: [1, 2]))
                let report = try traffic.finish()
                try report.expectFlawless(cut: TrafficSite.addresses(of: [1, 2]))
                // The clock of drains counts whole seconds.
                try report.expectCuts(after: began + .seconds(table.drainTimeout - 1))
                try expectEqual(
                    report.new(phase: 4).servers, TrafficSite.addresses(of: table.servers).sorted(), "servers")
            },
            Scenario("traffic: a drain deadline cuts long-lived connections only then") { context in
                let site = try TrafficSite(context)
                var table = TrafficTable(servers: [1, 2, 3, 4])
                let agent = try site.start(table)
                let traffic = try site.startTraffic()
                try traffic.waitForAnswers(50)
                try site.declareDrainTimeout(atLeast: 3, changes: 1, in: &table, agent)
                table.servers.removeFirst()
                table.draining = [1]
                let began = ContinuousClock.now - traffic.start
                try site.declare(table)
                try site.eventually(table, agent)
                table.draining = []
                try site.eventually(table, agent)
                try traffic.waitForCuts(of: TrafficSite.addresses(of: [1]))
                let report = try traffic.finish()
                try report.expectFlawless(minimum: 150, cut: TrafficSite.addresses(of: [1]))
                // The clock of drains counts whole seconds.
                try report.expectCuts(after: began + .seconds(table.drainTimeout - 1))
            },
            Scenario("traffic: a virtual server that is removed drains") { context in
                let site = try TrafficSite(context)
                var table = TrafficTable(servers: [1, 2, 3, 4])
                let agent = try site.start(table)
                let traffic = try site.startTraffic()
                try traffic.waitForAnswers(100)
                try site.declareDrainTimeout(atLeast: 4, changes: 1, in: &table, agent)
                traffic.beginPhase()
                // Few enough for all of those that get no answer to be open at the same time.
                traffic.openNewConnections(perSecond: 10)
                let began = ContinuousClock.now - traffic.start
                table.isDeclared = false
                (table.servers, table.draining) = ([], table.servers)
                try site.declare(table)
                try site.eventually(table, agent)
                traffic.beginPhase()
                // What came before may be about to be accepted.
                try traffic.waitForEarlierPhases()
                let accepted = site.servers.accepted
                try site.eventuallyNothing(agent)
                let all = TrafficSite.addresses(of: [1, 2, 3, 4])
                try traffic.waitForCuts(of: all)
                try traffic.waitForFailures(101)
                let report = try traffic.finish()
                try report.expectFlawless(minimum: 50, except: [1, 2], cut: all)
                // The clock of drains counts whole seconds.
                try report.expectCuts(after: began + .seconds(table.drainTimeout - 1))
                // The kernel answers some with an ICMP message, which is limited, and is silent on the others.
                let late = report.new(phase: 2)
                StandardStream.output.writeLine("once it was removed: \(late)")
                try expect(late.attempted > 100 && late.succeeded == 0, "\(late)")
                try expectEqual(site.servers.accepted, accepted)
            },
            Scenario("traffic: an agent that is stopped for a while goes on where it was") { context in
                let site = try TrafficSite(context)
                var table = TrafficTable(servers: [1, 2, 3, 4])
                let agent = try site.start(table)
                let traffic = try site.startTraffic()
                let before = table
                agent.send(SIGSTOP)
                table.servers = [3, 4, 5, 6]
                try site.declare(table)
                // Ten of its looks at the table and two of those at drains: a minute would not show more.
                sleep(10)
                try site.eventually(before, agent)
                agent.send(SIGCONT)
                table.draining = [1, 2]
                try site.eventually(table, agent)
                traffic.beginPhase()
                try traffic.waitForAnswers(50)
                let report = try traffic.finish()
                try report.expectFlawless()
                try expectEqual(
                    report.new(phase: 1).servers, TrafficSite.addresses(of: table.servers).sorted(), "servers")
            },
        ] + counting

    /// That nothing is missed: what is broken on purpose is counted.
    private static let counting: [Scenario] = [
        Scenario(
            "traffic: connections of a real server that is removed abruptly are counted", tags: [.harness],
            ending: .failure(mentioning: "2 of 16 long-lived connections broke:\n")
        ) { context in
            let site = try TrafficSite(context)
            _ = try site.start(TrafficTable(servers: [1, 2, 3, 4])).end()
            let traffic = try site.startTraffic()
            try traffic.waitForAnswers(20)
            try context.ipvsadm("-d", "-t", "192.0.2.1:80", "-r", "198.51.100.1:8080")
            try traffic.waitForCuts(of: ["198.51.100.1"])
            // A new connection may have been cut in the middle too.
            try traffic.finish().expectUnbroken()
        },
        Scenario(
            "traffic: connections to a virtual server that is gone are counted", tags: [.harness],
            ending: .failure(mentioning: ": connect: Connection refused\n")
        ) { context in
            let site = try TrafficSite(context)
            _ = try site.start(TrafficTable(servers: [1, 2, 3, 4])).end()
            let traffic = try site.startTraffic()
            try traffic.waitForAnswers(20)
            try context.ipvsadm("-D", "-t", "[2001:db8:1::1]:80")
            try traffic.waitForFailures(5)
            try traffic.finish().expectFlawless(minimum: 20)
        },
        Scenario(
            "traffic: a run without traffic is a failure", tags: [.harness],
            ending: .failure(mentioning: "only 0 new ipv4 connections")
        ) { _ in
            try TrafficReport().expectFlawless()
        },
    ]

    /// Whether the kernel refuses new connections for a moment when a virtual server gets another scheduler.
    ///
    /// It takes the old one away, waits until no CPU uses it any more, and only then sets the new one. No command avoids
    /// that; with one CPU there is nothing to wait for.
    private static var hasSeveralCPUs: Bool { sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1 }
}

extension RunningCommand {
    /// Has it end, in its own time.
    fileprivate func end() throws(ScenarioFailure) -> CommandResult {
        send(SIGTERM)
        return try wait()
    }
}
