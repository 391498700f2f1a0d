/// A program to run, with its arguments; no shell is involved.
struct Command {
    let arguments: [String]
    var environment: [String: String]
    /// What it reads from its standard input, which is empty otherwise.
    var input: String?

    init(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) {
        self.arguments = arguments
        self.environment = environment
        self.input = input
    }

    /// Starts it, to run on beside the scenario.
    func start() throws(ScenarioFailure) -> RunningCommand {
        let output = try CaptureFile()
        let error = try CaptureFile()
        let inputFile = try CaptureFile(holding: input ?? "")
        let process = try ChildProcess(
            arguments, environment: environment, input: inputFile.descriptor, output: output.descriptor,
            error: error.descriptor)
        return RunningCommand(self, process: process, output: output, error: error)
    }

    /// Runs it to its end. It is not a failure of the scenario when the command fails, only when it takes too long.
    func run(timeLimit: Duration = Patience.step) throws(ScenarioFailure) -> CommandResult {
        try start().wait(timeLimit: timeLimit)
    }
}
