import Documents

extension Scenario {
    /// The commands beside the sync itself.
    static let commands: [Scenario] = [
        Scenario("commands: what import reads of the kernel is what it has") { context in
            try context.ipvsadm("-R", input: table.joined(separator: "\n") + "\n")
            let imported = try context.command("import").output
            let path = try context.write(imported, to: "imported.yaml")
            try context.command("plan", "--config", path)
            try context.ipvsadm("-C")
            try context.command("--once", "--config", path)
            try expectEqual(try context.ipvsadmSave(), table.sorted())
        },
        Scenario("commands: an ipvsadm dump becomes a configuration and comes out again") { context in
            let dump = try context.write(table.joined(separator: "\n") + "\n", to: "dump")
            let imported = try context.command("import", "--from", dump).output
            let path = try context.write(imported, to: "imported.yaml")
            let export = try context.command("export", "--format", "ipvsadm", "--config", path).output
            try expectEqual(export.split(separator: "\n").map(String.init).sorted(), table.sorted())
            try context.ipvsadm("-R", input: export)
            try context.command("plan", "--config", path)
        },
        Scenario("commands: zero sets counters back") { context in
            try context.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"])
            try context.run(["ip", "address", "add", "198.51.100.1/32", "dev", "lo"])
            try context.sync("virtualServers: [{address: 192.0.2.1:80, scheduler: rr, realServers: [198.51.100.1]}]")
            let server = try TCPSocket.listen(on: "198.51.100.1", port: 80)
            let client = try TCPSocket.connect(to: "192.0.2.1", port: 80)
            try client.exchange(with: try server.accept())
            // The kernel adds counters up every two seconds.
            try context.eventually("the connection is counted") { () throws(ScenarioFailure) in
                try connections(context) == 1
            }
            try context.command("zero", "tcp 192.0.2.1:80")
            try expectEqual(try connections(context), 0)
            try context.command("zero")
            try context.command("zero", "tcp 192.0.2.9:80", status: 1)
        },
        Scenario("commands: show has every figure as text, JSON and YAML") { context in
            try context.sync(
                "virtualServers: [{name: web, address: 192.0.2.1:80, scheduler: rr, realServers: [198.51.100.1]}]")
            try context.ipvsadm("-A", "-f", "5", "-s", "sh")
            let text = try context.command("show").outputLines
            try expectEqual(text.count, 5)
            try expect(text.contains { $0.contains("tcp 192.0.2.1:80") && $0.contains("ipvsync  web") }, "\(text)")
            try expect(text.contains { $0.hasPrefix("fwmark 5") && $0.hasSuffix("foreign") }, "\(text)")
            for arguments in [["--stats"], ["--rates"], ["tcp 192.0.2.1:80"]] {
                try expectEqual(try Command([context.ipvsync, "show"] + arguments).run().status, .exited(0))
            }
            try context.command("show", "tcp 192.0.2.9:80", status: 1)
            let json = try context.parse(try context.command("show", "--output", "json").output)
            let yaml = try context.parse(try context.command("show", "--output", "yaml").output)
            for document in [json, yaml] {
                try expectEqual(document.count("virtualServers"), 2)
                let first = try require(document["virtualServers"]?.sequence?.first, "no virtual server")
                try expectEqual(first["name"]?.scalar?.text, "web")
                try expectEqual(first["statistics"]?.number("connections"), 0)
            }
        },
        Scenario("commands: doctor finds a kernel that will do") { context in
            let findings = try context.parse(try context.command("doctor", "--output", "json").output)
            try expect(
                findings.sequence?.contains { $0["severity"]?.scalar?.text == "failure" } == false, "\(findings)")
        },
        Scenario("commands: help reads well on 80 columns") { context in
            var paths: [[String]] = [[]]
            var count = 0
            while let path = paths.popLast() {
                let lines = try help(path, context)
                for line in lines.prefix(while: { !$0.hasPrefix("USAGE:") }).dropFirst() {
                    try expect(line.count <= 80, "\(path): \(line)")
                }
                paths += subcommands(lines).map { path + [$0] }
                count += 1
            }
            try expect(count > 15, "\(count) commands")
        },
    ]

    /// A command's help as it was written: no line of it is broken.
    private static func help(_ path: [String], _ context: Context) throws(ScenarioFailure) -> [String] {
        let command = Command(["env", "COLUMNS=1000", context.ipvsync] + path + ["--help"])
        return try command.run().output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The commands that a help text lists.
    private static func subcommands(_ help: [String]) -> [String] {
        help.drop { $0 != "SUBCOMMANDS:" }.dropFirst().prefix { $0.hasPrefix("  ") }
            .map { String($0.drop { $0 == " " }.prefix { $0 != " " }) }
    }

    private static func connections(_ context: Context) throws(ScenarioFailure) -> Int? {
        let report = try context.parse(try context.command("show", "--output", "json").output)
        return report["virtualServers"]?.sequence?.first?["statistics"]?.number("connections")
    }

    private static let table = [
        "-A -t 192.0.2.1:80 -s wrr -p 300 -M 255.255.0.255",
        "-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 3",
        "-a -t 192.0.2.1:80 -r 198.51.100.2:80 -i -w 1 --tun-type gre --tun-csum",
        "-A -u [2001:db8::1]:53 -s mh -o -b mh-fallback,mh-port",
        "-a -u [2001:db8::1]:53 -r [2001:db8::2]:53 -g -w 2147483647",
        "-A -f 9 -6 -s sh -p 60 -M 48 -b sh-port",
    ]
}
