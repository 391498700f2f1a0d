import Glibc
import TestSupport

extension Scenario {
    /// What README.md prints is what happens.
    static let guide: [Scenario] = [
        Scenario("guide: the README's first table is as printed") { context in
            let page = try GuidePage(path: "README.md")
            let file = try require(page.blocks.first { $0.language == "yaml" }, "README.md has no configuration")
            let name = try require(file.lines.first?.dropPrefix("# "), "README.md:\(file.line): no name of a file")
            try context.write(file.lines.joined(separator: "\n") + "\n", to: String(name))
            let console = try require(
                page.blocks.first { $0.language == "console" && $0.line > file.line }, "README.md shows no commands")
            var count = 0
            for (command, printed) in console.exchanges {
                let result = try context.type(String(command))
                try expectEqual(result.output, printed.map { $0 + "\n" }.joined(), "README.md: \(command)\n\(result)")
                try expectEqual(result.status, .exited(command.contains(" plan ") ? 2 : 0), "\(command)")
                count += 1
            }
            try expect(count >= 5, "README.md shows \(count) commands")
            try expectEqual(try context.ipvsadmSave(), [], "the table in the end")
        },
        Scenario("guide: the README's picture is what the program prints") { context in
            let page = try GuidePage(path: "README.md")
            let picture = try require(page.blocks.first, "README.md has no picture")
            // Before it: two real servers with connections, and somebody else's virtual server.
            let servers = "- 198.51.100.1:8080\n  - {address: 198.51.100.2:8080, weight: 3}\n"
            try context.sync(webServer(servers))
            try context.ipvsadm("-A", "-t", "203.0.113.9:443", "-s", "lc")
            for address in ["192.0.2.1", "198.51.100.1", "198.51.100.2"] {
                try context.run(["ip", "address", "add", "\(address)/32", "dev", "lo"])
            }
            let first = try TCPSocket.listen(on: "198.51.100.1", port: 8080)
            let second = try TCPSocket.listen(on: "198.51.100.2", port: 8080)
            var connections: [TCPSocket] = []
            for _ in 0..<8 { connections.append(try TCPSocket.connect(to: "192.0.2.1", port: 80)) }
            // Then a third one takes the first one's place.
            let next = webServer("- {address: 198.51.100.2:8080, weight: 3}\n  - 198.51.100.3:8080\n")
            try context.write(next, to: "web.yaml")
            var count = 0
            for (command, printed) in picture.exchanges {
                let result = try context.type(String(command))
                try expectEqual(
                    result.output.replacing(/for \d+s/) { _ in "for 2s" }, printed.map { $0 + "\n" }.joined(),
                    "README.md: \(command)\n\(result)")
                count += 1
            }
            try expect(count >= 3, "README.md's picture has \(count) commands")
            withExtendedLifetime((first, second, connections)) {}
        },
        Scenario("guide: the README's first node can be looked at as printed") { context in
            let page = try GuidePage(path: "README.md")
            let block = try require(
                page.blocks.first { block in block.lines.contains { $0.contains("--snapshot") } },
                "README.md shows no plan with a snapshot")
            // The objects of an example, in the place of those that kubectl would print.
            try context.write(try GuidePage.text(of: "Integration/examples/kubernetes/shop.yaml"), to: "cluster.json")
            var output = ""
            for line in block.lines where line.hasPrefix("ipvsync ") {
                let result = try context.type(line)
                let isPlan = line.hasPrefix("ipvsync plan")
                try expectEqual(result.status, .exited(isPlan ? 2 : 0), "\(line)\n\(result)")
                output += result.output
            }
            try expect(output.contains("+ tcp 10.96.0.80:80 (shop/web:http)"), "no plan in: \(output)")
            try expect(output.contains("Service shop/web on node n1"), "no explanation in: \(output)")
        },
        Scenario("guide: the tutorials' commands do as printed") { context in
            for name in ["WebFarm", "OnePacketDNS", "DirectRouting", "FromIPVSAdm"] {
                try context.follow(try GuidePage(path: "\(GuidePage.folder)/\(name).md"))
            }
        },
        Scenario("guide: a drain for an hour is as printed") { context in
            let consoles = try GuidePage(path: "\(GuidePage.folder)/DrainServer.md").blocks.filter(\.isConsole)
            try expectEqual(consoles.count, 2, "consoles of DrainServer.md: the drain, and what is refused")
            for (console, servers) in zip(consoles, ["\n  - 198.51.100.2:8080", ""]) {
                let path = try context.write(webServer("- 198.51.100.1:8080\(servers)\n"), to: "web.yaml")
                let agent = try context.startIPVSync("--config", path)
                try agent.waitForText(#""message":"ready""#)
                for (command, printed) in console.exchanges {
                    let result = try context.type(String(command))
                    let text = (result.output + result.error).replacing(/pid \d+/) { _ in "pid 806" }
                        .replacing(/\ds   59m\d\ds/) { _ in "0s   59m59s" }
                    try expectEqual(text, printed.map { $0 + "\n" }.joined(), "DrainServer.md: \(command)")
                }
                // An order outlives the agent.
                _ = try context.type("ipvsync enable 198.51.100.1")
                agent.send(SIGTERM)
                _ = try agent.wait()
            }
        },
        Scenario("guide: removals are held, and let go, as printed") { context in
            let page = try GuidePage(path: "\(GuidePage.folder)/HeldRemovals.md")
            let console = try require(page.blocks.first(where: \.isConsole), "HeldRemovals.md shows no plan")
            let declare = { (count: Int) throws(ScenarioFailure) in
                let servers = (1...count).map { "- {address: '192.0.2.\($0):80', realServers: [198.51.100.1]}\n" }
                try context.write("virtualServers:\n" + servers.joined(), to: "etc/web.yaml")
            }
            try context.run(["mkdir", "\(context.directory)/etc"])
            try declare(40)
            try expectEqual(try context.type("ipvsync --once --config etc").status, .exited(0))
            try declare(10)
            for (command, printed) in console.exchanges {
                let result = try context.type(String(command).replacing("/etc/ipvsync", with: "etc"))
                try expectEqual(result.status, .exited(2), "\(command)")
                try expectEqual(result.output, printed.map { $0 + "\n" }.joined(), "HeldRemovals.md: \(command)")
            }
            try expectEqual(try context.type("ipvsync --once --config etc").status, .exited(6))
            let remedy = try require(
                page.blocks.flatMap(\.lines).first { $0.hasPrefix("ipvsync --once ") }, "HeldRemovals.md has no remedy")
            try expectEqual(
                try context.type(remedy.replacing("/etc/ipvsync", with: "etc")).status, .exited(0), "\(remedy)")
            try expectEqual(try context.ipvsadmSave().count { $0.hasPrefix("-A") }, 10, "virtual servers in the end")
        },
    ]

    /// The virtual server of README.md with some real servers.
    private static func webServer(_ realServers: String) -> String {
        "virtualServers:\n- name: web\n  address: 192.0.2.1:80\n  scheduler: wrr\n  realServers:\n  \(realServers)"
    }
}

extension Context {
    /// Writes the files of a tutorial and types its commands, in the order of the page.
    fileprivate func follow(_ page: GuidePage) throws {
        try ipvsadm("-C")
        try ipvsadm("-A", "-t", "203.0.113.9:443", "-s", "lc")
        try run(["mkdir", "-p", "\(directory)/etc"])
        try run(["find", "\(directory)/etc", "-type", "f", "-delete"])
        var count = 0
        for block in page.blocks where ["yaml", "console"].contains(block.language) {
            if let name = block.lines.first?.dropPrefix("# "), block.language == "yaml" {
                try write(
                    block.lines.joined(separator: "\n") + "\n", to: String(name).replacing("/etc/ipvsync", with: "etc"))
            }
            for (command, printed) in block.language == "console" ? block.exchanges : [] {
                let result = try type(String(command).replacing("/etc/ipvsync", with: "etc"))
                // A plan may have something to do, and no real server of an example answers a check.
                let expected: [ExitStatus] =
                    command.contains(" plan ")
                    ? [.exited(0), .exited(2)]
                    : command.contains(" check ") ? [.exited(1)] : [.exited(0)]
                try expect(expected.contains(result.status), "\(page.path): \(command)\n\(result)")
                if !printed.isEmpty {
                    try expectEqual(result.output, printed.map { $0 + "\n" }.joined(), "\(page.path): \(command)")
                }
                count += 1
            }
        }
        try expect(count >= 2, "\(page.path) has \(count) commands")
    }

    /// Has a shell in the scenario's folder do what a reader types.
    fileprivate func type(_ line: String) throws(ScenarioFailure) -> CommandResult {
        let folder = ipvsync.split(separator: "/").dropLast().joined(separator: "/")
        return try Command(
            ["/bin/sh", "-c", "cd '\(directory)' && \(line)"],
            environment: ["PATH": "/\(folder):/usr/sbin:/usr/bin:/bin"]
        ).run()
    }
}

extension GuidePage.Block {
    fileprivate var isConsole: Bool { language == "console" }

    /// What is typed after `# `, each with the lines that answer it.
    fileprivate var exchanges: [(command: Substring, printed: [String])] {
        var exchanges: [(command: Substring, printed: [String])] = []
        for line in lines {
            if let command = line.dropPrefix("# ") {
                exchanges.append((command, []))
            } else if !exchanges.isEmpty {
                exchanges[exchanges.count - 1].printed.append(line)
            }
        }
        return exchanges
    }
}

extension String {
    /// What follows a prefix; `nil` without it.
    fileprivate func dropPrefix(_ prefix: String) -> Substring? { hasPrefix(prefix) ? dropFirst(prefix.count) : nil }
}
