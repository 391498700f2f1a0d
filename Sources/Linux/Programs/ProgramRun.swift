/// A program to be run to its end, without a shell and with next to no environment.
package struct ProgramRun {
    let path: String
    let arguments: [String]
    let input: [UInt8]
    /// The program is killed when it takes longer.
    let timeLimit: Duration
    /// The program is killed when it writes more bytes to its standard output.
    let outputLimit: Int

    /// What is kept of the standard error.
    private static let errorLimit = 64 << 10
    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]

    package init(_ path: String, _ arguments: [String], input: [UInt8] = [], timeLimit: Duration, outputLimit: Int) {
        self.path = path
        self.arguments = arguments
        self.input = input
        self.timeLimit = timeLimit
        self.outputLimit = outputLimit
    }

    /// Runs it, and has it gone when this returns. A program that fails is a result too.
    package func run() throws(ProgramFailure) -> ProgramResult {
        let deadline = ContinuousClock.now + timeLimit
        let inputPipe = try ProgramPipe()
        let outputPipe = try ProgramPipe()
        let errorPipe = try ProgramPipe()
        var process = try ProgramProcess(
            path, [path] + arguments, environment: Self.environment,
            standard: [inputPipe.reader.value, outputPipe.writer.value, errorPipe.writer.value])
        var exchange = ProgramExchange(
            input: inputPipe.keepWriter(), output: outputPipe.keepReader(), error: errorPipe.keepReader())
        try exchange.run(
            sending: input, outputLimit: outputLimit, errorLimit: Self.errorLimit, until: deadline)
        let status = try process.wait(until: deadline)
        return ProgramResult(status: status, output: exchange.outputBytes, error: exchange.errorBytes)
    }
}
