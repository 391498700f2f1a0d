import Glibc

/// A command that runs beside the scenario. It is killed when nobody holds it any more.
final class RunningCommand {
    private let command: Command
    private let process: ChildProcess
    private let outputFile: CaptureFile
    private let errorFile: CaptureFile

    init(_ command: Command, process: ChildProcess, output: consuming CaptureFile, error: consuming CaptureFile) {
        self.command = command
        self.process = process
        outputFile = output
        errorFile = error
    }

    var identifier: pid_t { process.identifier }

    var isRunning: Bool { process.poll() == nil }

    /// What it has written so far.
    var output: String { outputFile.text() }
    var error: String { errorFile.text() }

    /// Sends it a signal: `SIGTERM`, `SIGHUP`.
    func send(_ signal: Int32) {
        process.kill(signal)
    }

    /// Waits for its end. It is killed, and the scenario has failed, when that takes too long.
    func wait(
        timeLimit: Duration = Patience.step, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> CommandResult {
        guard let status = process.wait(until: .now + timeLimit) else {
            process.kill(SIGKILL)
            throw ScenarioFailure("no end after \(timeLimit): \(progress)", file: file, line: line)
        }
        return CommandResult(arguments: command.arguments, status: status, output: output, error: error)
    }

    /// Waits until its output or its errors contain the text: at least ``Patience/step``, whatever the time limit.
    func waitForText(
        _ text: String, timeLimit: Duration = Patience.step, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        let timeLimit = max(timeLimit, Patience.step)
        let deadline = ContinuousClock.now + timeLimit
        while !output.contains(text) && !error.contains(text) {
            guard isRunning else {
                throw ScenarioFailure("ended before \"\(text)\": \(progress)", file: file, line: line)
            }
            guard ContinuousClock.now < deadline else {
                throw ScenarioFailure("no \"\(text)\" after \(timeLimit): \(progress)", file: file, line: line)
            }
            usleep(5000)
        }
    }

    private var progress: String { "\(command.arguments.joined(separator: " "))\n\(output)\(error)" }
}
