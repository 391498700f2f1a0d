extension Context {
    /// The value of a series that an agent tells on its standard port.
    func metric(
        _ series: String, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> Int {
        let text = try run(["curl", "-sf", "http://127.0.0.1:10249/metrics"], file: file, line: line).output
        let found = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        let value = found.flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
        return Int(try require(value, "no \(series) in\n\(text)", file: file, line: line))
    }
}
