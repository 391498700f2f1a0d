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
    ]
}

extension Context {
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
