import Checker
import Documents
import Glibc
import HealthChecks
import LoadBalancing

/// What the checker takes of a processor for many checks of servers on this host.
struct CheckerBench {
    let count: Int
    let ipvsync: String

    static let interval = Duration.seconds(2)
    /// Until every check has been made some times, and what that takes of memory is there.
    private static let warmUp = Duration.seconds(10)
    private static let window = Duration.seconds(30)

    func measure() throws -> [CheckerBenchFigures] {
        let server = try LoopbackResponder()
        defer { withExtendedLifetime(server) {} }
        return try [("tcp", .tcp(nil)), ("http", .http(.init()))].map { name, probe in
            Bench.say("\(count) \(name) checks each \(Self.interval)")
            return try measure(name, probe, server.port)
        }
    }

    private func measure(
        _ name: String, _ probe: ServerCheck.Probe, _ port: UInt16
    ) throws -> CheckerBenchFigures {
        let checker = try CheckerProcess(executable: ipvsync)
        let check = ServerCheck(probe, interval: Self.interval)
        // Each has an address of its own, as real servers have: the ports of one would run out.
        let subjects = (0..<count).map { number in
            CheckSubject(check, of: Endpoint(IPAddress(v4: 0x7F01_0001 + UInt32(number)), port: port))
        }
        checker.use(Set(subjects), now: .now)
        var figures = CheckerBenchFigures(name: name, count: count)
        try follow(checker, for: Self.warmUp, &figures)
        figures = CheckerBenchFigures(name: name, count: count)
        guard let process = checker.processIdentifiers.first else { throw BenchError("no checker runs") }
        let before = try processorSeconds(of: process)
        figures.seconds = try follow(checker, for: Self.window, &figures)
        figures.processor = try processorSeconds(of: process) - before
        figures.peakMemory = try peakMemory(of: process)
        return figures
    }

    /// Takes results as an agent does, and says for how many seconds.
    @discardableResult
    private func follow(
        _ checker: CheckerProcess, for time: Duration, _ figures: inout CheckerBenchFigures
    ) throws -> Double {
        let started = ContinuousClock.now
        while started.duration(to: .now) < time {
            var poll = pollfd(fd: checker.descriptor, events: Int16(POLLIN), revents: 0)
            _ = Glibc.poll(&poll, 1, 1_000)
            for (_, result) in checker.receive(now: .now) {
                figures.results += 1
                if result.outcome != .up { figures.failures[result.reason, default: 0] += 1 }
            }
            figures.lateness = max(figures.lateness, checker.figures.lateness)
            if let problem = checker.problem, figures.results > 0 { throw BenchError(problem) }
        }
        return started.duration(to: .now) / .seconds(1)
    }

    private func processorSeconds(of process: Int32) throws -> Double {
        // Behind the name, which ends with the last parenthesis, come the third field and the others.
        let text = try BenchFile.read("/proc/\(process)/stat")
        let fields = (text.lastIndex(of: ")").map { text[$0...] } ?? "").split(separator: " ").dropFirst()
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }
        guard ticks.count == 2 else { throw BenchError("no times of \(process)") }
        return ticks.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// In bytes.
    private func peakMemory(of process: Int32) throws -> Int {
        let lines = try BenchFile.read("/proc/\(process)/status").split(separator: "\n")
        let words = lines.first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count > 1, let kibibytes = Int(words[1]) else { throw BenchError("no memory of \(process)") }
        return kibibytes << 10
    }
}

/// The figures of ``CheckerBench`` for one kind of check.
struct CheckerBenchFigures {
    let name: String
    let count: Int
    /// Seconds of processor time, in user and system mode.
    var processor = 0.0
    /// Seconds in which they were spent.
    var seconds = 0.0
    var peakMemory = 0
    var lateness = Duration.zero
    var results = 0
    var failures: [String: Int] = [:]

    init(name: String, count: Int) {
        self.name = name
        self.count = count
    }

    private var percent: Double { 100 * processor / seconds }
    private var latenessPercent: Double { 100 * (lateness / CheckerBench.interval) }

    /// A line for people.
    var line: String {
        let failed = failures.sorted { $0.value > $1.value }.prefix(3).map { "; \($0.value) × \($0.key)" }.joined()
        return "\(count) \(name) checks each \(CheckerBench.interval): \(Self.rounded(percent)) % of a core, "
            + "\(peakMemory >> 20) MiB at most, \(Int(Double(results) / seconds)) results a second, "
            + "none later than \(Self.rounded(latenessPercent)) % of its interval\(failed)"
    }

    private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }

    /// The same for programs.
    var document: Document {
        .mapping([
            .init("check", .string(name)), .init("checks", .integer(Int64(count))), .init("percent", .number(percent)),
            .init("bytes", .integer(Int64(peakMemory))), .init("results", .integer(Int64(results))),
            .init("failures", .integer(Int64(failures.values.reduce(0, +)))),
            .init("latenessPercent", .number(latenessPercent)),
        ])
    }
}
