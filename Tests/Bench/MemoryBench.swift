import Documents
import Glibc

/// What a whole agent takes that follows an API server: memory at its peak and at rest, and processor time until it has
/// programmed everything.
struct MemoryBench {
    let count: Int
    let ipvsync: String
    let directory: String

    /// How long an agent rests before its memory is looked at, in seconds.
    private static let rest = 20

    func measure() throws -> MemoryFigures {
        Bench.say("\(count) Services with ten endpoints each: a whole agent's first sync")
        let words = try LiveAgent(count: count, ipvsync: ipvsync, directory: directory).run(
            settings: "virtualServers: []\n", Self.script)
        guard words.count == 3 else { throw BenchError("the agent did not become ready: \(words)") }
        return MemoryFigures(
            count: count, processor: words[0], peak: Int(words[1]) << 10, rest: Int(words[2]) << 10)
    }

    /// Prints seconds of processor time until the agent is ready, and its memory in KiB at its peak and at rest.
    private static let script = """
        echo "$first"
        sleep \(rest)
        awk '$1 == "VmHWM:" || $1 == "VmRSS:" { print $2 }' "/proc/$agent/status"
        """
}

/// The figures of ``MemoryBench``.
struct MemoryFigures {
    let count: Int
    /// Seconds of processor time until everything was programmed, in user and system mode.
    let processor: Double
    /// Bytes.
    let peak: Int
    let rest: Int

    /// A line for people.
    var line: String {
        "\(count) Services with ten endpoints: \(peak >> 20) MiB at most, \(rest >> 20) MiB at rest, "
            + "\(processor) s of processor time for the first sync"
    }

    /// The same for programs.
    var document: Document {
        .mapping([
            .init("services", .integer(Int64(count))), .init("processorSeconds", .number(processor)),
            .init("peakMebibytes", .integer(Int64(peak >> 20))), .init("restMebibytes", .integer(Int64(rest >> 20))),
        ])
    }
}
