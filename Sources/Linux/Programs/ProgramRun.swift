internal import Glibc

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

/// Why a program could not be run to its end.
package struct ProgramFailure: Error, Hashable, Sendable {
    package let reason: String

    init(_ reason: String) { self.reason = reason }

    /// A system call's failure.
    init(_ call: String, _ code: Int32) {
        reason = "\(call): \(strerror(code).map { String(cString: $0) } ?? "error \(code)")"
    }

    static let late = ProgramFailure("killed, for it had not ended in time")
}

/// What a program has left.
package struct ProgramResult: Hashable, Sendable {
    /// How it ended, as `waitpid` tells.
    package let status: Int32
    package let output: [UInt8]
    /// The beginning of its standard error.
    package let error: [UInt8]

    /// Whether it ended by itself, with 0.
    package var succeeded: Bool { status == 0 }

    /// The standard error without white space at the end; what is not UTF-8 is replaced.
    package var errorText: String {
        var text = String(decoding: error, as: UTF8.self)[...]
        while text.last?.isWhitespace == true {
            text.removeLast()
        }
        return String(text)
    }

    /// How it ended, for people.
    package var ending: String {
        let signal = status & 0x7F
        return signal == 0 ? "ended with status \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    }
}
