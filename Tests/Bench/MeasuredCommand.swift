import Glibc

/// A program that is run to its end and measured as a whole process.
struct MeasuredCommand {
    let arguments: [String]
    /// The file that it reads from its standard input.
    var input = "/dev/null"
    /// The file that takes its standard output.
    var output = "/dev/null"

    struct Result {
        let wall: Duration
        /// The most memory that was resident, in bytes.
        let peakMemory: Int
    }

    /// Runs it; any exit status but 0 is an error.
    func run() throws -> Result {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        let started = ContinuousClock.now
        var process = pid_t()
        let failure = posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
        guard failure == 0 else { throw BenchError("\(arguments[0]): \(String(cString: strerror(failure)))") }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(process, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw BenchError("wait4: \(String(cString: strerror(errno)))") }
        }
        let wall = started.duration(to: .now)
        guard status == 0 else {
            throw BenchError("\(arguments.joined(separator: " ")) ended with status \(status >> 8)")
        }
        return Result(wall: wall, peakMemory: usage.ru_maxrss * 1024)
    }
}
