import ArgumentParser
import Documents
import Glibc
import TemporaryFiles

/// Times ipvsync beside ipvsadm and beside the least that the kernel needs, on the kernel and in the namespace it runs in.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Bench",
        abstract: "Times ipvsync against ipvsadm and against the kernel's own floor.",
        discussion: "It empties the tables of its network namespace: scripts/bench provides one.")

    @Option(help: "Table sizes in virtual servers, each with ten real servers.")
    var sizes = "1000,5000"

    @Option(help: "How often each thing is measured; the median counts.")
    var rounds = 3

    @Flag(inversion: .prefixedNo, help: "Measure ipvsadm -R too, which takes minutes.")
    var restore = true

    @Flag(help: "Measure Services of these numbers instead: a change, the first lists, and a manifest.")
    var changes = false

    @Flag(help: "Measure an agent instead: verification, and one change through its loop.")
    var agent = false

    @Flag(help: "Measure what the node's network adds to the first sync of Services instead.")
    var network = false

    @Flag(help: "Measure what a whole agent at rest takes of a processor instead.")
    var idle = false

    @Flag(help: "Measure the memory and the first sync of an agent that follows an API server instead.")
    var memory = false

    @Flag(help: "Measure what changes cost a whole agent that follows an API server instead.")
    var live = false

    @Flag(help: "Measure the longest turn of a large change of Services instead.")
    var turns = false

    @Flag(help: "Measure what the checker takes for as many checks instead.")
    var checks = false

    @Option(help: "text or json.")
    var output = "text"

    @Option(help: "The ipvsync to measure.")
    var ipvsync: String

    @Option(help: .hidden)
    var part: String?

    @Option(help: .hidden)
    var directory: String?

    func run() throws {
        if turns {
            for figures in TurnBench().measure() { print(figures.text) }
        } else if checks {
            try measureChecks()
        } else if live {
            try measureLive()
        } else if network {
            try measureNetwork()
        } else if memory {
            try measureMemory()
        } else if idle {
            try measureIdle()
        } else if changes || agent {
            try measureChanges()
        } else if let part, let directory {
            try measure(part, in: directory)
        } else {
            try measureAll()
        }
    }

    private func measureChanges() throws {
        let counts = sizes.split(separator: ",").compactMap { Int($0) }
        guard let directory else {
            let folder = try TemporaryFolder()
            defer { withExtendedLifetime(folder) {} }
            // A namespace for each size: what one leaves in the kernel is not the next one's.
            for count in counts { try measureChangesInNewNamespace(count, folder.path) }
            return
        }
        if let count = counts.first, agent {
            try measureAgent(count, directory)
        } else if let count = counts.first {
            let bench = ChangeBench(count: count, directory: directory)
            let plan = try bench.planManifest(with: ipvsync)
            let times = try bench.measure()
            let figures: [(name: String, text: String, value: Double)] = [
                ("services", "Services", Double(count)),
                ("changeProcessorMicroseconds", "µs of processor time for one change", times.processor * 1e6),
                ("changeMicroseconds", "µs in all for one change", times.wall * 1e6),
                ("listMilliseconds", "ms for the API server's first lists", times.lists * 1e3),
                ("manifestMilliseconds", "ms from a manifest to the printed plan", plan.wall / .milliseconds(1)),
                ("manifestMebibytes", "MiB at most for that", Double(plan.peakMemory >> 20)),
            ]
            let document = Document.mapping(figures.map { .init($0.name, .integer(Int64($0.value))) })
            let text = figures.map { "\(Int($0.value)) \($0.text)" }.joined(separator: ", ") + "\n"
            print(output == "json" ? document.json() : text, terminator: "")
        }
    }

    private func measureAgent(_ count: Int, _ directory: String) throws {
        let times = try AgentBench(count: count, directory: directory).measure()
        let figures: [(name: String, text: String, value: Double)] = [
            ("virtualServers", "virtual servers", Double(count)),
            ("dumpMicroseconds", "µs for a dump of everything", times.dump * 1e6),
            ("verificationMicroseconds", "µs for a verification", times.verification * 1e6),
            ("changeMicroseconds", "µs until the kernel has a change", times.change * 1e6),
            ("wholeChangeMicroseconds", "µs until the old real server has gone", times.wholeChange * 1e6),
            ("byHandMicroseconds", "µs for the same by hand", times.byHand * 1e6),
            ("verificationPercent", "% of the dump's time for a verification", 100 * times.verification / times.dump),
            ("changePercent", "% of the time by hand for a change", 100 * times.change / times.byHand),
        ]
        let document = Document.mapping(figures.map { .init($0.name, .integer(Int64($0.value))) })
        let text = figures.map { "\(Int($0.value)) \($0.text)" }.joined(separator: ", ") + "\n"
        print(output == "json" ? document.json() : text, terminator: "")
    }

    private func measureChangesInNewNamespace(_ count: Int, _ directory: String) throws {
        let path = "\(directory)/changes"
        _ = try MeasuredCommand(
            arguments: [
                "unshare", "--net", CommandLine.arguments[0], "--ipvsync", ipvsync, agent ? "--agent" : "--changes",
                "--sizes", "\(count)",
                "--output", output, "--directory", directory,
            ], output: path
        ).run()
        print(try BenchFile.read(path), terminator: "")
    }

    /// Measures one part in the namespace that this process was started in.
    private func measure(_ name: String, in directory: String) throws {
        guard let part = TableBench.Part(rawValue: name), let count = Int(sizes) else {
            throw ValidationError("no part")
        }
        // Without any address in the namespace the kernel takes no real server.
        _ = try MeasuredCommand(arguments: ["ip", "link", "set", "lo", "up"]).run()
        let found = try TableBench(count: count, ipvsync: ipvsync, directory: directory).measure(part)
        print(found.document.json(), terminator: "")
    }

    private func measureAll() throws {
        try measureSizes { count, directory in
            let figures = try figures(count, directory)
            return (figures.lines.joined(separator: "\n") + "\n", figures.document)
        }
    }

    private func measureNetwork() throws {
        try measureSizes { count, directory in
            let figures = try NetworkBench(
                count: count, ipvsync: ipvsync, directory: directory, rounds: rounds
            ).measure()
            return (figures.lines.joined(separator: "\n") + "\n", figures.document)
        }
    }

    private func measureChecks() throws {
        try measureSizes { count, _ in
            let figures = try CheckerBench(count: count, ipvsync: ipvsync).measure()
            return (figures.map(\.line).joined(separator: "\n"), .sequence(figures.map(\.document)))
        }
    }

    private func measureMemory() throws {
        try measureSizes { count, directory in
            let figures = try MemoryBench(count: count, ipvsync: ipvsync, directory: directory).measure()
            return (figures.line, figures.document)
        }
    }

    private func measureLive() throws {
        try measureSizes { count, directory in
            let figures = try LiveBench(
                count: count, network: network, ipvsync: ipvsync, directory: directory
            ).measure()
            return (figures.line, figures.document)
        }
    }

    private func measureIdle() throws {
        try measureSizes { count, directory in
            let figures = try IdleBench(count: count, ipvsync: ipvsync, directory: directory).measure()
            return (figures.line, figures.document)
        }
    }

    /// Measures each size and prints what comes of it.
    private func measureSizes(_ measure: (Int, String) throws -> (text: String, document: Document)) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        var documents: [Document] = []
        for size in sizes.split(separator: ",") {
            guard let count = Int(size), (1...50_000).contains(count) else { throw ValidationError("no size: \(size)") }
            let figures = try measure(count, folder.path)
            documents.append(figures.document)
            if output == "text" { print(figures.text) }
            fflush(nil)
        }
        if output == "json" { print(Document.sequence(documents).json(), terminator: "") }
    }

    private func figures(_ count: Int, _ directory: String) throws -> TableFigures {
        try TableBench(count: count, ipvsync: ipvsync, directory: directory).writeFiles()
        var figures = TableFigures(count: count)
        // A guest kernel fetches memory from its host when it first touches it: let the first tables pay for that.
        for part in [TableBench.Part.floor, .sync, .floor, .sync] { _ = try inNewNamespace(part, count, directory) }
        for round in 1...rounds {
            for part in TableBench.Part.allCases where part != .restore || restore && round == 1 {
                Self.say("\(count) virtual servers, round \(round) of \(rounds): \(part.rawValue)")
                figures.add(try inNewNamespace(part, count, directory))
            }
        }
        return figures
    }

    /// Runs this program again in a new network namespace, for one part.
    private func inNewNamespace(_ part: TableBench.Part, _ count: Int, _ directory: String) throws -> Measurements {
        let output = "\(directory)/measurements"
        _ = try MeasuredCommand(
            arguments: [
                "unshare", "--net", CommandLine.arguments[0], "--ipvsync", ipvsync, "--sizes", "\(count)", "--part",
                part.rawValue, "--directory", directory,
            ], output: output
        ).run()
        // The kernel takes the namespace down in the background: let it finish first.
        sleep(UInt32(1 + count / 1_000))
        return try Measurements(try BenchFile.read(output))
    }

    static func say(_ text: String) {
        let line = Array("bench: \(text)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }
}
