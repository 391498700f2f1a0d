extension Context {
    /// All metrics of an agent that tells of itself on its standard port.
    func metrics(_ agent: RunningCommand) throws(ScenarioFailure) -> String {
        try expect(agent.isRunning, agent.error)
        return try run(["curl", "-sf", "http://127.0.0.1:10249/metrics"]).output
    }

    /// The value of a series that an agent tells on its standard port.
    func metric(
        _ series: String, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> Int {
        let text = try run(["curl", "-sf", "http://127.0.0.1:10249/metrics"], file: file, line: line).output
        let found = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        let value = found.flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
        return Int(try require(value, "no \(series) in\n\(text)", file: file, line: line))
    }

    /// Waits until an agent that tells of itself on its standard port has begun and ended a verification from now on.
    func waitForVerification(_ agent: RunningCommand) throws(ScenarioFailure) {
        let series = "ipvsync_verification_duration_seconds_count"
        let before = try metric(series)
        // One may be under way.
        try eventually("a verification\n\(agent.error)") { () throws(ScenarioFailure) in
            try metric(series) >= before + 2
        }
    }
}
