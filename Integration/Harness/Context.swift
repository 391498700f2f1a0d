import Glibc

/// What a scenario works with: its folder, and the commands of its network namespace.
struct Context: Sendable {
    /// A folder of its own, empty at first and removed afterwards.
    let directory: String
    /// The path of the ipvsync under test.
    let ipvsync: String

    /// Writes a file into the scenario's folder.
    ///
    /// - Returns: Its path.
    @discardableResult
    func write(_ text: String, to name: String) throws(ScenarioFailure) -> String {
        let path = "\(directory)/\(name)"
        guard let file = fopen(path, "w") else { throw SystemCall.failure(path) }
        let written = fputs(text, file)
        guard fclose(file) == 0, written >= 0 else { throw SystemCall.failure(path) }
        return path
    }

    /// Runs a command that has to succeed.
    @discardableResult
    func run(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
        timeLimit: Duration = Patience.step, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> CommandResult {
        let result = try Command(arguments, environment: environment, input: input).run(timeLimit: timeLimit)
        try expect(result.succeeded, result.description, file: file, line: line)
        return result
    }

    /// Runs the ipvsync under test, whatever its exit status.
    func runIPVSync(
        _ arguments: String..., environment: [String: String] = [:], timeLimit: Duration = Patience.step
    ) throws(ScenarioFailure) -> CommandResult {
        try Command([ipvsync] + arguments, environment: environment).run(timeLimit: timeLimit)
    }

    /// Starts the ipvsync under test beside the scenario.
    func startIPVSync(
        _ arguments: String..., environment: [String: String] = [:]
    ) throws(ScenarioFailure) -> RunningCommand {
        try Command([ipvsync] + arguments, environment: environment).start()
    }

    /// Runs `ipvsadm`, which has to succeed.
    @discardableResult
    func ipvsadm(
        _ arguments: String..., input: String? = nil, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> CommandResult {
        try run(["ipvsadm"] + arguments, input: input, file: file, line: line)
    }

    /// The kernel's table as `ipvsadm -Sn` gives it, sorted.
    func ipvsadmSave(file: StaticString = #fileID, line: Int = #line) throws(ScenarioFailure) -> [String] {
        try ipvsadm("-Sn", file: file, line: line).outputLines
            .map { line in
                var line = Substring(line)
                while line.last == " " {
                    line.removeLast()
                }
                return String(line)
            }
            .sorted()
    }

    /// Waits until the condition holds: at least ``Patience/step``, whatever the time limit.
    func eventually(
        _ subject: String, timeLimit: Duration = Patience.step, file: StaticString = #fileID, line: Int = #line,
        _ condition: () throws(ScenarioFailure) -> Bool
    ) throws(ScenarioFailure) {
        let timeLimit = max(timeLimit, Patience.step)
        let deadline = ContinuousClock.now + timeLimit
        while !(try condition()) {
            guard ContinuousClock.now < deadline else {
                throw ScenarioFailure("not after \(timeLimit): \(subject)", file: file, line: line)
            }
            usleep(10_000)
        }
    }
}
