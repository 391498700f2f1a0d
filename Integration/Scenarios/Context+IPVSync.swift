import Documents

extension Context {
    /// Runs `ipvsync --once` on a configuration, and expects an exit status.
    @discardableResult
    func sync(
        _ configuration: String, _ arguments: String..., status: Int32 = 0, file: StaticString = #fileID,
        line: Int = #line
    ) throws(ScenarioFailure) -> YAMLNode {
        let path = try write(configuration, to: "configuration.yaml")
        let result = try Command([ipvsync, "--once", "--config", path, "--output", "json"] + arguments).run()
        try expectEqual(result.status, .exited(status), "\(result)\nexit status", file: file, line: line)
        return try parse(result.output, file: file, line: line)
    }

    /// Runs a subcommand and expects an exit status.
    @discardableResult
    func command(
        _ arguments: String..., input: String? = nil, status: Int32 = 0, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> CommandResult {
        let result = try Command([ipvsync] + arguments, input: input).run()
        try expectEqual(result.status, .exited(status), "\(result)\nexit status", file: file, line: line)
        return result
    }

    /// Reads a JSON report.
    func parse(
        _ text: String, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> YAMLNode {
        var document: YAMLNode?
        do throws(YAMLError) {
            document = try YAMLNode.documents(in: text).first
        } catch {
            throw ScenarioFailure("\(error) in: \(text)", file: file, line: line)
        }
        return try require(document, "no document in: \(text)", file: file, line: line)
    }
}

extension YAMLNode {
    /// The number in a field; -1 when there is none.
    func number(_ field: String) -> Int { self[field]?.scalar.flatMap { Int($0.text) } ?? -1 }

    /// How many entries the list in a field has; -1 when there is none.
    func count(_ field: String) -> Int { self[field]?.sequence?.count ?? -1 }
}
