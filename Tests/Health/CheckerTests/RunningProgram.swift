import Glibc
import Programs
import Testing

/// A program that runs beside a test, and whose standard output the test reads.
final class RunningProgram {
    let identifier: Int32
    private let output: UnsafeMutablePointer<FILE>

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer {
            close(ends[1])
            close(null)
        }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        identifier = try ProgramProcess.spawn(
            arguments[0], arguments, environment: ["PATH=\(String(cString: getenv("PATH")))"],
            standard: [null, ends[1], null])
        output = try #require(fdopen(ends[0], "r"))
    }

    deinit {
        kill(-identifier, SIGKILL)
        waitpid(identifier, nil, 0)
        fclose(output)
    }

    /// The next line of its output.
    func line() throws -> String {
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer { free(line) }
        let count = getline(&line, &size, output)
        try #require(count > 0, "it ended")
        return String(cString: try #require(line)).filter { !$0.isNewline }
    }
}
