import ArgumentParser
import Glibc

/// The program: chooses scenarios, lists or runs them; or, started by itself in a new namespace, carries one out.
@main
struct IntegrationTests: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Integration",
        abstract: "Runs ipvsync's scenarios against the kernel, each in a network namespace of its own.",
        discussion: "It has to run as root on a kernel with IPVS: scripts/in-kernel provides one.")

    @Flag(help: "List the chosen scenarios with their tags; run nothing.")
    var list = false

    @Option(help: ArgumentHelp("Only scenarios whose name matches; repeatable.", valueName: "regex"))
    var filter: [String] = []

    @Option(help: ArgumentHelp("Only scenarios with this tag (\(Tag.names)); repeatable.", valueName: "tag"))
    var tag: [Tag] = []

    @Option(help: ArgumentHelp("No scenarios with this tag; repeatable.", valueName: "tag"))
    var skipTag: [Tag] = []

    @Option(
        help: ArgumentHelp(
            "This kernel lacks what scenarios with this tag need: count them as skipped; repeatable.", valueName: "tag")
    )
    var without: [Tag] = []

    @Option(help: ArgumentHelp("Only this share of them: 2/3 is the second of three.", valueName: "share"))
    var share = Share.all

    @Option(help: "How many scenarios run at a time.")
    var jobs = 1

    @Option(help: ArgumentHelp("Seconds that a scenario may take, instead of its own limit.", valueName: "seconds"))
    var timeLimit: Int?

    @Flag(inversion: .prefixedNo, help: "Go on after a scenario has failed.")
    var keepGoing = true

    @Option(help: ArgumentHelp("The ipvsync to test; default: the one beside this program.", valueName: "path"))
    var ipvsync: String?

    @Option(help: .hidden)
    var scenario: String?

    @Option(help: .hidden)
    var directory: String?

    func validate() throws {
        guard jobs > 0 else { throw ValidationError("--jobs has to be 1 or more.") }
        guard (timeLimit ?? 1) > 0 else { throw ValidationError("--time-limit has to be 1 or more.") }
        guard (scenario == nil) == (directory == nil) else { throw ValidationError("--scenario needs --directory.") }
    }

    func run() async throws {
        do throws(ScenarioFailure) {
            if let scenario, let directory {
                try await carryOut(scenario, in: directory)
            } else {
                try runChosen()
            }
        } catch {
            StandardStream.error.writeLine(error.description)
            throw ExitCode.failure
        }
    }

    /// Carries out one scenario in this process: it is in the namespace made for it.
    private func carryOut(_ name: String, in directory: String) async throws(ScenarioFailure) {
        guard let scenario = Scenario.all.first(where: { $0.name == name }) else {
            throw ScenarioFailure("there is no scenario \(name)")
        }
        let context = Context(directory: directory, ipvsync: try ipvsyncPath())
        raiseDescriptorLimit()
        do {
            try await scenario.body(context)
        } catch let failure as ScenarioFailure {
            throw failure
        } catch {
            throw ScenarioFailure("the scenario threw \(error)")
        }
    }

    /// On a busy machine many connections of a scenario are open at the same time.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private func runChosen() throws(ScenarioFailure) {
        let selection = Selection(
            filters: filter, tags: Set(tag), skippedTags: Set(skipTag), missing: Set(without), share: share)
        let chosen = try selection.choose(from: Scenario.all)
        if list {
            for scenario in chosen {
                let tags = scenario.tags.map(\.rawValue).sorted().joined(separator: ", ")
                StandardStream.output.writeLine(tags.isEmpty ? scenario.name : "\(scenario.name) [\(tags)]")
            }
            return
        }
        guard !chosen.isEmpty else { throw ScenarioFailure("no scenario matches") }
        try Kernel.require()
        var runner = Runner(
            executable: try Executable.path(), ipvsync: try ipvsyncPath(), jobs: jobs, keepsGoing: keepGoing,
            timeLimit: timeLimit.map { .seconds($0) })
        let tally = try runner.run(chosen, selection: selection)
        StandardStream.output.writeLine(tally.description)
        if tally.failed > 0 {
            throw ScenarioFailure("there were failures")
        }
    }

    private func ipvsyncPath() throws(ScenarioFailure) -> String {
        if let ipvsync { return ipvsync }
        return try Executable.directory() + "/ipvsync"
    }
}
