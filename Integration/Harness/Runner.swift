import Glibc
import TemporaryFiles

/// Runs scenarios, some at a time, and reports each as it ends.
struct Runner {
    let executable: String
    let ipvsync: String
    /// How many run at a time.
    let jobs: Int
    let keepsGoing: Bool
    /// In place of the scenarios' own limits.
    let timeLimit: Duration?

    private var tally = Tally()
    private var started = 0
    private var running: [RunningScenario] = []

    init(executable: String, ipvsync: String, jobs: Int, keepsGoing: Bool, timeLimit: Duration?) {
        self.executable = executable
        self.ipvsync = ipvsync
        self.jobs = jobs
        self.keepsGoing = keepsGoing
        self.timeLimit = timeLimit
    }

    mutating func run(_ scenarios: [Scenario], selection: Selection) throws(ScenarioFailure) -> Tally {
        Interruption.watch()
        let directory = try Self.attempt { try TemporaryFolder() }
        var waiting = scenarios[...]
        while !running.isEmpty || (!waiting.isEmpty && mayGoOn) {
            while running.count < jobs, mayGoOn, let next = waiting.first, canStart(next) {
                waiting.removeFirst()
                let lacking = selection.lacking(next)
                if lacking.isEmpty {
                    try start(next, in: directory)
                } else {
                    tally.skipped += 1
                    let names = lacking.map(\.rawValue).joined(separator: ", ")
                    StandardStream.output.writeLine("skipped \(next.name) (no \(names) in this kernel)")
                }
            }
            try collect()
            usleep(1000)
            if Interruption.isRequested {
                try abandon()
            }
        }
        if Interruption.isRequested {
            throw ScenarioFailure("interrupted")
        }
        return tally
    }

    private static func attempt<Value>(_ work: () throws -> Value) throws(ScenarioFailure) -> Value {
        do {
            return try work()
        } catch {
            throw ScenarioFailure("\(error)")
        }
    }

    private var mayGoOn: Bool { !Interruption.isRequested && (keepsGoing || tally.failed == 0) }

    /// What changes the whole kernel runs alone.
    private func canStart(_ next: Scenario) -> Bool {
        running.isEmpty || !(running.map(\.scenario) + [next]).contains { $0.tags.contains(.guest) }
    }

    private mutating func start(_ scenario: Scenario, in directory: TemporaryFolder) throws(ScenarioFailure) {
        started += 1
        let name = "\(started)"
        let folder = try Self.attempt { try directory.makeFolder(name) }
        let arguments = [executable, "--scenario", scenario.name, "--directory", folder, "--ipvsync", ipvsync]
        let namespace = try NetworkNamespace(number: started)
        running.append(
            try RunningScenario(
                scenario, arguments: arguments, namespace: namespace, timeLimit: timeLimit ?? scenario.timeLimit))
    }

    /// Reports and clears away what has ended.
    private mutating func collect() throws(ScenarioFailure) {
        var remaining: [RunningScenario] = []
        for scenario in running {
            if let verdict = scenario.poll() {
                report(scenario.scenario, verdict)
                try scenario.cleanUp()
            } else {
                remaining.append(scenario)
            }
        }
        running = remaining
    }

    private mutating func abandon() throws(ScenarioFailure) {
        for scenario in running {
            try scenario.cleanUp()
        }
        running = []
    }

    private mutating func report(_ scenario: Scenario, _ verdict: Verdict) {
        let word: String
        if verdict.failureReport == nil {
            tally.passed += 1
            word = "ok"
        } else {
            tally.failed += 1
            word = "FAILED"
        }
        let lines = (verdict.failureReport ?? verdict.notes).split(separator: "\n").map { "    \($0)" }
        StandardStream.output.writeLine(
            (["\(word) \(scenario.name) (\(verdict.milliseconds) ms)"] + lines).joined(separator: "\n"))
    }
}
