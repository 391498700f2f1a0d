import Glibc

/// One scenario under way: this program once more, in a namespace of the scenario's own.
final class RunningScenario {
    let scenario: Scenario
    private let namespace: NetworkNamespace
    private let process: ChildProcess
    private let output: CaptureFile
    private let timeLimit: Duration
    private let start: ContinuousClock.Instant

    /// - Parameters:
    ///   - arguments: How to run this program for the scenario.
    init(
        _ scenario: Scenario, arguments: [String], namespace: NetworkNamespace, timeLimit: Duration
    ) throws(ScenarioFailure) {
        self.scenario = scenario
        self.namespace = namespace
        self.timeLimit = timeLimit
        output = try CaptureFile()
        start = .now
        process = try ChildProcess(
            namespace.entering(arguments), output: output.descriptor, error: output.descriptor, leadsGroup: true)
    }

    /// How it went, once it is over or out of time.
    func poll() -> Verdict? {
        let elapsed = start.duration(to: .now)
        guard let status = process.poll() else {
            guard elapsed > timeLimit else { return nil }
            process.kill(SIGKILL)
            return verdict(failure: "no end after \(timeLimit)", elapsed: elapsed)
        }
        switch status {
        case .exited(0): return verdict(failure: nil, elapsed: elapsed)
        case .exited(1): return verdict(failure: "", elapsed: elapsed)
        default: return verdict(failure: status.description, elapsed: elapsed)
        }
    }

    /// Ends what the scenario has left running, and removes its namespace.
    func cleanUp() throws(ScenarioFailure) {
        process.kill(SIGKILL)
        try namespace.remove()
    }

    private func verdict(failure: String?, elapsed: Duration) -> Verdict {
        let text = output.text()
        let report = failure.map { $0.isEmpty ? text : "\($0)\n\(text)" }
        return Verdict(scenario.ending, failureReport: report, notes: failure == nil ? text : "", elapsed: elapsed)
    }
}
