import Glibc

extension Scenario {
    /// What a node is given beside IPVS: with which rights, and what becomes of it and of what is others'.
    static let nodeAlone: [Scenario] = rights + course + driftBesideIPVS

    // MARK: - Rights

    private static let onlyNetAdmin = [
        "setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all", "--no-new-privs", "--",
    ]

    private static let rights = [
        Scenario("data path: CAP_NET_ADMIN is all that it takes", tags: [.fullKernel]) { context in
            let site = try NodeSite(context)
            let (before, foreign) = (try site.own(), try site.foreign())
            let held = try context.run(onlyNetAdmin + ["grep", "CapEff", "/proc/self/status"]).output
            try expectEqual(held.split(separator: "\t").last ?? "", "0000000000001000\n", "rights")
            try site.run(["--once"] + site.arguments(), by: onlyNetAdmin)
            try site.own().expectWhole()
            try site.run(["cleanup"], by: onlyNetAdmin)
            try expectEqual(try site.own(), before, "after the end")
            try expectEqual(try site.foreign(), foreign, "what is others'")
        },
        // As the DaemonSet gives it to its container.
        Scenario(
            "data path: of the node's settings, those of the network are all that it takes", tags: [.fullKernel],
            timeLimit: .seconds(120)
        ) { context in
            let site = try NodeSite(context)
            let before = try site.own()
            let view = "\(context.directory)/sys"
            try context.run(["mkdir", "-p", "\(view)/net"])
            // The scenario's process has mounts of its own.
            try context.run(["mount", "--bind", "/proc/sys/net", "\(view)/net"])
            try context.run(["mount", "--bind", "/proc/sys", "/proc/sys"])
            try context.run(["mount", "-o", "remount,bind,ro", "/proc/sys"])
            try site.run(["--once", "--sysctl-dir", view] + site.arguments())
            try site.own().expectWhole()
            try site.run(["cleanup", "--sysctl-dir", view])
            try expectEqual(try site.own(), before, "after the end")
        },
        Scenario(
            "data path: with read-only settings everything else is made", tags: [.fullKernel]
        ) { context in
            let site = try NodeSite(context)
            let before = try site.own()
            // The scenario's process has mounts of its own.
            try context.run(["mount", "--bind", "/proc/sys", "/proc/sys"])
            try context.run(["mount", "-o", "remount,bind,ro", "/proc/sys"])
            let result = try site.run(["--once"] + site.arguments(), status: 1)
            let name = "net.ipv4.vs.conntrack"
            let remedy = "cannot set \(name) to 1: Read-only file system; set it on the host by `sysctl -w \(name)=1`"
            try expect(result.error.contains(remedy), result.error)
            try site.own().expectWhole(sysctls: before.sysctls)
            // An administrator does as advised: that is no work of ipvsync's, and stays.
            try context.run(["mount", "-o", "remount,bind,rw", "/proc/sys"])
            for (key, value) in zip(NodeSite.sysctls, NodeState.wantedSysctls) {
                try TrafficSite.set(String(key.dropFirst("net/".count)), value)
            }
            try site.run(["--once"] + site.arguments())
            try site.run(["cleanup"])
            let after = try site.own()
            try expectEqual(after.sysctls, NodeState.wantedSysctls, "settings after the end")
            try expectEqual([after.table, after.device], [before.table, before.device], "after the end")
        },
    ]

    // MARK: - Plan, run, clean up

    private static let course = [
        Scenario("data path: plan, run, clean up", tags: [.fullKernel]) { context in
            let site = try NodeSite(context)
            let (before, foreign) = (try site.own(), try site.foreign())
            let arguments = try site.arguments()
            let plan = try site.run(["plan"] + arguments, status: 2)
            for line in [
                "~ set net.ipv4.ip_forward to 1 (it is 0)", "+ add address 10.96.0.1 to ipvsync0",
                "+ add address fd00:10:96::1 to ipvsync0", "+ services4 10.96.0.1 . tcp . 80",
                "+ create device ipvsync0",
                "Left alone, for another device has them: 198.18.0.1 on other0, 2001:db8:18::1 on other0",
            ] {
                try expect(plan.output.contains(line), "no \(line) in\n\(plan.output)")
            }
            try expectEqual(try site.own(), before, "after the plan")
            try site.run(["--once"] + arguments)
            try site.own().expectWhole()
            try expectEqual(try site.foreign(), foreign, "what is others' after the run")
            let again = try site.run(["plan"] + arguments)
            try expect(again.output.contains("Nothing to do."), again.output)
            try site.run(["cleanup"])
            try expectEqual(try site.own(), before, "after the end")
            try expectEqual(try site.foreign(), foreign, "what is others' after the end")
        },
        Scenario("data path: the network is given back once it is off", tags: [.fullKernel]) {
            context in
            let site = try NodeSite(context)
            let (before, foreign) = (try site.own(), try site.foreign())
            try site.run(["--once"] + site.arguments())
            let whole = try site.own()
            try whole.expectWhole()
            let off = try site.arguments(network: "off")
            let plan = try site.run(["plan"] + off, status: 2)
            try expect(plan.output.contains("- table inet ipvsync"), plan.output)
            try site.run(["--once"] + off)
            let after = try site.own()
            try expectEqual(after.virtualServers, whole.virtualServers, "virtual servers")
            try expectEqual([after.table, after.device], [before.table, before.device], "after it was off")
            try expectEqual(after.sysctls, before.sysctls, "settings after it was off")
            try expectEqual(try site.foreign(), foreign, "what is others'")
            let again = try site.run(["plan"] + off)
            try expect(again.output.contains("Nothing to do."), again.output)
        },
    ]

    // MARK: - Drift

    private static let driftBesideIPVS = [
        Scenario(
            "data path: what somebody breaks beside IPVS is repaired", tags: [.fullKernel]
        ) { context in
            let site = try NodeSite(context)
            let foreign = try site.foreign()
            let agent = try site.startAgent(drift: "repair")
            let whole = try site.own()
            for (name, damage) in NodeDamage.all {
                let began = ContinuousClock.now
                try context.run(damage)
                try context.eventually("\(name)\n\(agent.error)") {
                    () throws(ScenarioFailure) in
                    try site.own() == whole
                }
                let time = ContinuousClock.now - began
                StandardStream.output.writeLine("\(name): repaired after \(Int(time / .milliseconds(1))) ms")
            }
            try agent.waitForText("network drift found")
            try expectEqual(try site.foreign(), foreign, "what is others'")
        },
        Scenario(
            "data path: what somebody breaks beside IPVS is only told of", tags: [.fullKernel]
        ) { context in
            let site = try NodeSite(context)
            let agent = try site.startAgent(drift: "report")
            let counts = try ["sysctls", "rules", "addresses"].map { (part) throws(ScenarioFailure) in
                (part, try context.metric("ipvsync_network_changes_total{part=\"\(part)\"}"))
            }
            for (_, damage) in NodeDamage.independent { try context.run(damage) }
            let damaged = try site.own()
            for text in ["the chain input", "10.96.0.1", "net.ipv4.ip_forward"] {
                try agent.waitForText(text)
            }
            try context.eventually("two verifications") { () throws(ScenarioFailure) in
                try context.metric("ipvsync_network_drift_total") >= 2
            }
            let told = (agent.output + agent.error).split(separator: "\n").count { $0.contains("network drift found") }
            try expectEqual(told, NodeDamage.independent.count, "lines of drift")
            try expectEqual(try site.own(), damaged, "what was told of")
            // Nothing was done since, and nothing is counted as done.
            for (part, count) in counts {
                try expectEqual(try context.metric("ipvsync_network_changes_total{part=\"\(part)\"}"), count, part)
            }
        },
    ]
}

/// What somebody does to a node's network.
enum NodeDamage {
    /// Each of these can be done beside the others.
    static let independent = [
        ("a chain without rules", ["nft", "flush", "chain", "inet", "ipvsync", "input"]),
        ("a deleted address", ["ip", "address", "del", "10.96.0.1/32", "dev", "ipvsync0"]),
        changedSetting,
    ]

    /// What takes a program and a write below /proc to repair.
    static let thorough = [
        noTable, changedSetting,
    ]

    private static let noTable = ("no table", ["nft", "delete", "table", "inet", "ipvsync"])
    private static let changedSetting = (
        "a changed setting", ["sh", "-c", "echo 0 >/proc/sys/net/ipv4/ip_forward"]
    )

    static let all =
        independent + [
            noTable,
            ("a deleted element", ["nft", "delete", "element", "inet", "ipvsync", "addresses4", "{ 10.96.0.1 }"]),
        ]
}

extension NodeSite {
    /// Starts an agent, and waits until everything is there.
    fileprivate func startAgent(drift: String) throws(ScenarioFailure) -> RunningCommand {
        let arguments = try arguments(
            "syncInterval: 1s", "minSyncInterval: 0s", "drift: \(drift)", "telemetry: {listen: \"127.0.0.1:10249\"}")
        let agent = try Command([context.ipvsync] + arguments).start()
        try agent.waitForText("ready")
        // So that nothing is under way any more.
        try context.waitForVerification(agent)
        try own().expectWhole()
        return agent
    }
}
