import Documents
import Glibc
import LoadBalancing

extension Scenario {
    /// A node that kube-proxy has served is taken over, under continuous traffic of both families.
    static let takeover: [Scenario] = [
        Scenario(
            "takeover: nothing fails, and what is kube-proxy's goes", tags: [.fullKernel]
        ) { context in
            let site = try TakeoverSite(context, variant: "nft")
            try site.startTraffic()
            try site.waitForAnswers(15)
            let before = try site.node.observed()
            let preview = try context.parse(try site.takeover("--dry-run", "--output", "json").output)
            try expectEqual(try site.node.observed(), before, "the node after a dry run")
            try expectEqual(try context.run(["nft", "list", "tables"]).output.contains("ipvsync"), false)
            site.beginPhase()
            let made = try context.parse(try site.takeover("--output", "json").output)
            try expectEqual(made.count("steps"), preview.count("steps"), "steps")
            // Rules of both families, twelve sets, a leftover of each family, and the device.
            try expectEqual(made.count("steps"), 17, "steps")
            try expectEqual(made.count("kept"), 0, "what stays")
            site.beginPhase()
            try site.waitForAnswers(40)
            try site.finishTraffic(lastPhase: 2)
            try site.expectOnlyOthers()
            let again = try context.parse(try site.takeover("--output", "json").output)
            try expectEqual(again.count("steps"), 0, "steps of another run")
        },
        Scenario(
            "takeover: beside an agent that runs", tags: [.fullKernel]
        ) { context in
            let site = try TakeoverSite(context, variant: "legacy")
            try site.startTraffic()
            let agent = try site.startAgent()
            try site.takeover("--dry-run")
            site.beginPhase()
            try site.takeover()
            site.beginPhase()
            try site.waitForAnswers(50)
            try site.finishTraffic(lastPhase: 2)
            try site.expectOnlyOthers()
            // The agent goes on as before: what is declared now is served.
            var changed = site.service
            changed.endpoints = [.a]
            try site.lab.declare([changed])
            let target = site.service.clusterIP(.ipv4)
            // It may drain: its last connections have only just ended.
            try context.eventually("the agent's next change") { () throws(ScenarioFailure) in
                !(try context.ipvsadmSave().contains { line in
                    line.contains("-t \(target):80 ") && line.contains("10.244.2.11") && !line.hasSuffix("-w 0")
                })
            }
            agent.send(SIGTERM)
            _ = try agent.wait()
        },
        Scenario(
            "takeover: refuses what would fail, and goes on where it stopped", tags: [.fullKernel]
        ) { context in
            let site = try TakeoverSite(context, variant: "nft")
            let before = try site.node.observed()
            try refuseWithoutNetwork(site)
            try refuseBesideKubeProxy(site)
            try refuseBesideAgentOfOthers(site)
            try expectEqual(try site.node.observed(), before, "the node after refusals")
            // What somebody else uses stays, and only that.
            try context.run(
                ["iptables-nft-restore", "--noflush"],
                input: "*nat\n:HOSTPORTS - [0:0]\n-A HOSTPORTS -j KUBE-MARK-MASQ\nCOMMIT\n")
            let held = try site.takeover(status: 1)
            try expect(held.output.contains("the chain HOSTPORTS, which is not kube-proxy's"), held.description)
            try expect(
                try site.node.savedRules(.ipv4).contains("-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"), "gone")
            try context.run(
                ["iptables-nft-restore", "--noflush"], input: "*nat\n:HOSTPORTS - [0:0]\n-X HOSTPORTS\nCOMMIT\n")
            try site.takeover()
            try site.expectOnlyOthers()
        },
    ]

    private static func refuseWithoutNetwork(_ site: TakeoverSite) throws(ScenarioFailure) {
        let path = try site.context.write("virtualServers: []\n", to: "plain.yaml")
        let result = try site.context.command("takeover", "--config", path, status: 3)
        try expect(result.error.contains("'network:'"), result.description)
        try site.context.write("{virtualServers: [], network: {firewall: false}}\n", to: "plain.yaml")
        let warned = try site.context.runIPVSync("takeover", "--dry-run", "--config", path)
        try expect(warned.error.contains("network.firewall is false"), warned.description)
    }

    private static func refuseBesideKubeProxy(_ site: TakeoverSite) throws(ScenarioFailure) {
        let program = "\(site.context.directory)/kube-proxy"
        try site.context.run(["cp", "/bin/sleep", program])
        let proxy = try Command([program, "infinity"]).start()
        let result = try site.takeover(status: 1)
        try expect(result.error.contains("process \(proxy.identifier)): stop it first"), result.description)
        proxy.send(SIGKILL)
        _ = try proxy.wait()
    }

    /// An agent that holds the lock and knows nothing of the Service.
    private static func refuseBesideAgentOfOthers(_ site: TakeoverSite) throws(ScenarioFailure) {
        let path = try site.context.write("virtualServers: []\n", to: "other.yaml")
        let agent = try site.context.startIPVSync("--config", path)
        try agent.waitForText(#""message":"ready""#)
        let result = try site.takeover(status: 1)
        try expect(result.error.contains("Missing: "), result.description)
        agent.send(SIGTERM)
        _ = try agent.wait()
    }
}
