import Documents
import Programs
import TemporaryFiles
import TestSupport
import Testing

/// The reference in the guide and the help on the terminal, held against the program.
@Suite("The reference and the help") struct ReferenceTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    @Test("The reference is what the program and the sources say") func reference() throws {
        let run = ProgramRun(
            "/usr/bin/python3",
            [
                Self.root + "/scripts/manual/generate.py", Program.path, "--check",
            ], timeLimit: .seconds(600), outputLimit: 1 << 20)
        let result = try run.run()
        #expect(result.status == 0, "\(String(decoding: result.error, as: UTF8.self))")
    }

    /// A line of a help text that the parser breaks reads badly, and so does one that a terminal breaks.
    @Test("Help fits 80 columns, with no line of it broken") func columns() async throws {
        for command in try await CommandDescription.all() {
            let help = try await Program.run(command.path + ["--help"]).output
            let lines = help.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            for line in lines { #expect(line.count <= 80, "\(command.path): \(line)") }
            for line in command.discussion.split(separator: "\n") {
                #expect(lines.contains(String(line)), "\(command.path): \(line) is broken")
            }
        }
    }

    @Test("Each command's help has what it does, examples, exit codes, and its files and output where it has some")
    func sections() async throws {
        let withoutFiles: Set = [
            "completions", "doctor", "export", "import", "migrate", "migrate keepalived", "migrate kube-proxy",
            "migrate ldirectord", "schema", "zero",
        ]
        for command in try await CommandDescription.all() where command.isDisplayed {
            let name = command.path.joined(separator: " ")
            #expect(!command.abstract.isEmpty && command.abstract.hasSuffix("."), "\(name)")
            let titles = command.discussion.split(separator: "\n").filter { $0.hasSuffix(":") && !$0.hasPrefix(" ") }
            #expect(titles.contains("EXAMPLES:") && titles.contains("EXIT STATUS:"), "\(name)")
            #expect(titles.contains("FILES:") != withoutFiles.contains(name), "\(name)")
            #expect(titles.contains("SAMPLE OF --output json:") == command.options.contains("--output"), "\(name)")
        }
    }

    /// What a sample shows is there; those of commands that need no kernel and no agent are made here.
    @Test(
        "Samples of output have fields that the output has",
        arguments: [
            ["plan", "--config", "-e", "--snapshot", "-l", "--state-dir", "-d"], ["check", "-l"],
            ["explain", "shop", "--config", "-f", "--state-dir", "-d"],
            ["explain", "-n", "shop", "web", "--manifests", "-m", "--node", "n1"],
            ["env", "-n", "shop", "--manifests", "-m"], ["doctor"],
        ])
    func samples(arguments: [String]) async throws {
        let examples = Self.root + "/Integration/examples"
        let folder = try TemporaryFolder()
        let local = try folder.write(
            "virtualServers: [{firewallMark: 7, checks: [tcp], realServers: [127.0.0.1:1]}]", to: "local.yaml")
        let edited = try folder.write(
            "virtualServers: [{firewallMark: 7, scheduler: rr, realServers: [127.0.0.2:1]}]", to: "edited.yaml")
        let files = [
            "-e": edited, "-l": local, "-d": folder.path,
            "-f": examples + "/checked-farm.yaml", "-m": examples + "/kubernetes/shop.yaml",
        ]
        let command = try #require(try await CommandDescription.all().first { $0.path == [arguments[0]] })
        let words = arguments.map { files[$0] ?? $0 }
        let output = try await Program.run(words + ["--output", "json"]).output
        // Variables of a Pod are names of the site, and what the doctor finds is the machine's.
        if !["env", "doctor"].contains(arguments[0]) {
            let fields = try Document(json: Array(output.utf8)).fields()
            let name = arguments.contains("--manifests") ? "explain-service" : arguments[0]
            #expect(KeptList("\(name).txt").differences(from: fields) == [])
        }
        let known = Self.keys(of: output)
        #expect(!known.isEmpty)
        for key in Self.keys(of: command.sample) where key != "remedy" && !Self.isOfService(key, arguments) {
            #expect(known.contains(key), "\(arguments[0]): \(key)")
        }
    }

    /// The sample of `explain` is of a Service.
    private static func isOfService(_ key: String, _ arguments: [String]) -> Bool {
        arguments[0] == "explain" && !arguments.contains("--manifests") && key != "virtualServer"
    }

    private static func keys(of text: String) -> Set<String> {
        Set(text.matches(of: /"([A-Za-z_]+)":/).map { String($0.1) })
    }

    @Test("A usage that is long is broken between options") func usage() async throws {
        let help = try await Program.run(["plan", "--help"]).output
        let lines = help.split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex { $0.hasPrefix("USAGE: ") })
        #expect(lines[start + 1].hasPrefix("       ["))
        let wrong = try await Program.run(["plan", "--wat"])
        #expect(wrong.status == 64)
        #expect(wrong.error.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
