/// Ends the scenario as failed unless the condition holds.
func expect(
    _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: Int = #line
) throws(ScenarioFailure) {
    if !condition {
        throw ScenarioFailure(message(), file: file, line: line)
    }
}

/// Ends the scenario as failed unless both are equal; shows both.
func expectEqual<Value: Equatable>(
    _ actual: Value, _ expected: Value, _ subject: String = "value", file: StaticString = #fileID, line: Int = #line
) throws(ScenarioFailure) {
    if actual != expected {
        throw ScenarioFailure("\(subject) is \(actual), not \(expected)", file: file, line: line)
    }
}

/// Ends the scenario as failed unless both hold the same lines; shows the lines that differ.
func expectEqual(
    _ actual: [String], _ expected: [String], _ subject: String = "lines", file: StaticString = #fileID,
    line: Int = #line
) throws(ScenarioFailure) {
    if actual != expected {
        let difference = LineDifference(from: expected, to: actual)
        throw ScenarioFailure("\(subject) (- expected, + actual):\n\(difference)", file: file, line: line)
    }
}

/// Ends the scenario as failed unless both texts are the same; shows the lines that differ.
func expectEqual(
    _ actual: String, _ expected: String, _ subject: String = "text", file: StaticString = #fileID, line: Int = #line
) throws(ScenarioFailure) {
    try expectEqual(lines(of: actual), lines(of: expected), subject, file: file, line: line)
}

/// The value, or the end of the scenario as failed where there is none.
func require<Value>(
    _ value: Value?, _ message: @autoclosure () -> String, file: StaticString = #fileID, line: Int = #line
) throws(ScenarioFailure) -> Value {
    guard let value else { throw ScenarioFailure(message(), file: file, line: line) }
    return value
}

private func lines(of text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}
