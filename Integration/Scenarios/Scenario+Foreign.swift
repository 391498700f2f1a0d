import Configuration
import Documents
import Glibc
import IPVS
import LoadBalancing

extension Scenario {
    /// What other programs put into the kernel: shown as it is, left alone, and in nobody's way.
    static let foreignEntries: [Scenario] = [
        Scenario("foreign: every kind is shown and outlives every command") { context in
            let before = try fill()
            let observed = try IPVSClient().state().virtualServers
            let listing = try require(TableListing.read(), "no listing")
            let different = Set(listing).symmetricDifference(observed.map { ListedVirtualServer($0) })
            try expectEqual(different.map(\.key.description).sorted(), [], "listed otherwise")
            let text = try context.command("show").outputLines
            for kind in ForeignKind.all {
                for part in kind.shown {
                    try expect(text.contains { $0.contains(part) }, "\(kind.name): no \(part) in \(text)")
                }
            }
            let shown = try context.parse(try context.command("show", "--output", "json").output)
            try expectEqual(shown.count("virtualServers"), ForeignKind.all.count)
            try context.command("show", "protocol-47 198.51.101.6:80")
            let path = try context.write(own, to: "own.yaml")
            try context.command("plan", "--config", path, status: 2)
            try context.command("--once", "--config", path)
            try context.command("plan", "--config", path)
            let withOwn = Set(try contents())
            try expect(withOwn.isSuperset(of: before), "changed by --once: \(before.subtracting(withOwn))")
            try context.command("zero", "protocol-47 198.51.101.6:80")
            try context.command("zero")
            let watch = ["protocol-47 198.51.101.6:80", "protocol-48 198.51.101.6:80"]
            let missing = try context.command("watch", "--count", "1", watch[0], watch[1]).error
            try expect(!missing.contains(watch[0]) && missing.contains(watch[1]), missing)
            try context.command("cleanup")
            try expectEqual(Set(try contents()), before)
        },
        Scenario("foreign: an agent works beside every kind and counts it") { context in
            let before = try fill()
            let path = try context.write(own, to: "own.yaml")
            let agent = try context.startIPVSync("--config", path, "--sync-interval", "1")
            try agent.waitForText("ready")
            try context.ipvsadm("-D", "-t", "192.0.2.1:80")
            try agent.waitForText("drift found")
            for _ in 0..<3 {
                try context.eventually("the agent repairs") { () throws(ScenarioFailure) in
                    try Command([context.ipvsync, "show", "tcp 192.0.2.1:80"]).run().succeeded
                }
                try context.ipvsadm("-D", "-t", "192.0.2.1:80")
            }
            try expectEqual(
                try context.metric(#"ipvsync_virtual_servers{owner="foreign"}"#), ForeignKind.all.count)
            agent.send(SIGTERM)
            try expectEqual(try agent.wait().status, .exited(0))
            try context.command("cleanup")
            try expectEqual(Set(try contents()), before)
        },
        Scenario("foreign: an import leaves out what cannot be declared, and an export what ipvsadm cannot take") {
            context in
            _ = try fill()
            let imported = try context.command("import")
            let path = try context.write(imported.output, to: "imported.yaml")
            try context.command("validate", "--config", path)
            try context.command("plan", "--config", path)
            let left = ForeignKind.all.filter { !$0.canBeDeclared }
            let comments = imported.output.split(separator: "\n").filter { $0.hasPrefix("# ") && !$0.hasPrefix("#  ") }
            for kind in left {
                try expect(
                    comments.contains { $0.hasPrefix("# \(kind.shown[0]): ") }, "\(kind.name) in \(imported.output)")
                try expect(
                    imported.error.contains("left out: \(kind.shown[0]): "), "\(kind.name) in \(imported.error)")
            }
            let exported = try context.command("export")
            try context.ipvsadm("-C")
            let restored = try context.ipvsadm("-R", input: exported.output)
            try expectEqual(restored.error, "")
            for kind in left where kind.name.hasPrefix("protocol") || kind.name.hasPrefix("forwarding") {
                try expect(exported.error.contains(kind.shown[0]), "\(kind.name) in \(exported.error)")
            }
        },
        Scenario("foreign: a real server of ours with a method that another gave it is repaired by an edit") {
            context in
            let path = try context.write(own, to: "own.yaml")
            try context.command("--once", "--config", path)
            let raw = try RawTable()
            let service = RawService(IPAddress(v4: 0xC000_0201))
            for change: (inout RawDestination) -> Void in [
                { $0.method = 6 }, { ($0.method, $0.tunnelType) = (2, 9) },
                { ($0.method, $0.tunnelType, $0.tunnelPort, $0.tunnelFlags) = (2, 1, 7, 3) },
            ] {
                try expectEqual(try raw.edit(RawDestination(IPAddress(v4: 0x0A01_0001), change), of: service), 0)
                let plan = try context.parse(
                    try context.command("plan", "--config", path, "--output", "json", status: 2).output)
                try expectEqual(plan.count("changes"), 1)
                try expectEqual(plan["changes"]?.sequence?.first?["action"]?.scalar?.text, "edit")
                try context.command("--once", "--config", path)
                try context.command("plan", "--config", path)
            }
        },
        Scenario("foreign: doctor and an agent name the program that works on the same table") { context in
            // A program by that name that puts a real server back again and again, as a health check would.
            let script = """
                while :; do
                    ipvsadm -d -t 192.0.2.1:80 -r 10.1.0.1:80 2>/dev/null
                    sleep 0.2
                done
                """
            try context.run(["cp", "/bin/bash", "\(context.directory)/keepalived"])
            let neighbour = try Command(["\(context.directory)/keepalived", "-c", script]).start()
            let findings = try context.parse(try context.command("doctor", "--output", "json").output)
            try expect(
                findings.sequence?.contains {
                    $0["subject"]?.scalar?.text == "keepalived" && $0["severity"]?.scalar?.text == "warning"
                } == true, "\(findings)")
            let path = try context.write(own, to: "own.yaml")
            let agent = try context.startIPVSync("--config", path, "--sync-interval", "1")
            try agent.waitForText("another program may work on the same table")
            try agent.waitForText("drift comes back", timeLimit: .seconds(40))
            try agent.waitForText("keepalived (process")
            neighbour.send(SIGKILL)
            _ = try neighbour.wait()
            agent.send(SIGTERM)
            try expectEqual(try agent.wait().status, .exited(0))
            // In another network namespace it has another table.
            try context.run(["ip", "netns", "add", "apart"])
            let apart = try Command([
                "ip", "netns", "exec", "apart", "\(context.directory)/keepalived", "-c", "sleep 60; :",
            ]).start()
            try context.eventually("it runs there") { () throws(ScenarioFailure) in
                try Command(["ip", "netns", "pids", "apart"]).run().output.contains { $0.isNumber }
            }
            let after = try context.command("doctor", "--output", "json").output
            try expect(!after.contains("keepalived"), after)
            apart.send(SIGKILL)
        },
        Scenario("foreign: flags without a name stay when ours is edited") { context in
            let raw = try RawTable()
            let service = RawService(IPAddress(v4: 0xC000_0201)).with { $0.flags = 0x40 }
            try expectEqual(try raw.add(service), 0)
            let path = try context.write(own.replacing("rr", with: "sh"), to: "own.yaml")
            try context.command("--once", "--config", path)
            try context.command("plan", "--config", path)
            let shown = try context.parse(try context.command("show", "--output", "json").output)
            let server = try require(shown["virtualServers"]?.sequence?.first, "no virtual server")
            try expectEqual(server.number("otherFlags"), 0x40)
            try expectEqual(server["scheduler"]?.scalar?.text, "sh")
        },
    ]

    private static let own =
        "virtualServers: [{address: 192.0.2.1:80, scheduler: rr, realServers: [10.1.0.1]}]"

    /// Puts every kind into the kernel; returns what it holds then.
    private static func fill() throws -> Set<String> {
        let raw = try RawTable()
        for kind in ForeignKind.all {
            try expectEqual(try raw.add(kind.service), 0, kind.name)
            for destination in kind.destinations {
                try expectEqual(try raw.add(destination, to: kind.service), 0, "a real server of \(kind.name)")
            }
        }
        return Set(try contents())
    }

    private static func contents() throws -> [String] {
        try RawTable().contents(of: ForeignKind.all.map(\.service))
    }
}
