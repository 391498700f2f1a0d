import Glibc
import HealthChecks
import LoadBalancing
import TemporaryFiles
import Testing

@testable import Checker

/// Commands, and weights in files.
@Suite struct LocalCheckTests {
    private let engine: EngineUnderTest
    private let folder: TemporaryFolder
    private let endpoint = Endpoint(IPAddress(v4: 0x7F00_0001), port: 80)

    init() throws {
        engine = try EngineUnderTest()
        folder = try TemporaryFolder()
    }

    private func run(
        _ script: String, isDynamic: Bool = false, timeout: Duration = .seconds(600)
    ) throws -> CheckResult {
        let probe = ServerCheck.CommandProbe(["/bin/sh", "-c", script], isDynamic: isDynamic)
        return try engine.result(of: .command(probe), at: endpoint, timeout: timeout)
    }

    @Test func statuses() throws {
        #expect(try run("exit 0").outcome == .up)
        #expect(try run("exit 1").outcome == .down)
        #expect(try run("exit 7").reason == "exit status 7")
        #expect(try run("exit 7").outcome == .down)
        #expect(try run("exit 0", isDynamic: true).outcome == .up)
        #expect(try run("exit 1", isDynamic: true).outcome == .down)
        #expect(try run("exit 2", isDynamic: true).outcome == .weight(0))
        #expect(try run("exit 255", isDynamic: true).outcome == .weight(253))
        #expect(try run("kill -9 $$").reason == "ended by signal 9")
    }

    @Test func aProgramThatIsNotThere() throws {
        let result = try engine.result(of: .command(.init(["/nowhere/at/all"])), at: endpoint)
        #expect(result.outcome == .unknown)
        #expect(result.reason == "cannot ask: /nowhere/at/all cannot be run: No such file or directory")
    }

    @Test func argumentsArriveAsTheyAre() throws {
        let probe = ServerCheck.CommandProbe(
            ["/bin/sh", "-c", #"test "$1" = "a b;\$(c)" && test "$#" = 2 && test ! -t 0"#, "sh", "a b;$(c)", ""])
        #expect(try engine.result(of: .command(probe), at: endpoint).reason == "exit status 0")
    }

    /// What a command has started ends with it when its time is over: the last one would write a file.
    @Test func aCommandThatHangsEndsWithAllThatItStarted() throws {
        let pid = folder.file("pid")
        let result = try run("sleep 100000 & echo $! >\(pid).new; mv \(pid).new \(pid); wait", timeout: .seconds(1))
        #expect(result.outcome == .down)
        // On a busy machine it has not even begun.
        guard result.reason.hasPrefix("killed"), access(pid, F_OK) == 0 else { return }
        let child = try #require(pid_t(try Self.firstLine(of: pid)))
        let patience = ContinuousClock.now + .seconds(600)
        while Self.isAlive(child), .now < patience { usleep(10_000) }
        #expect(!Self.isAlive(child))
    }

    /// Whoever is dead waits for whoever has taken its parent's place.
    private static func isAlive(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0, let line = try? firstLine(of: "/proc/\(process)/stat") else { return false }
        return !line.contains(") Z")
    }

    private static func firstLine(of path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 512)
        try #require(fgets(&buffer, Int32(buffer.count), file) != nil)
        let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func weights() throws {
        func result(_ text: String) throws -> CheckResult {
            try engine.result(of: .file(try folder.write(text, to: "weight")), at: endpoint)
        }
        #expect(try result("17\n").outcome == .weight(17))
        #expect(try result("0").outcome == .down)
        for text in ["", "-1", "many", "99999999999", String(repeating: "1", count: 100)] {
            #expect(try result(text).outcome == .unknown)
        }
    }

    @Test func whatIsNoFile() throws {
        let fifo = folder.file("fifo")
        try #require(mkfifo(fifo, 0o600) == 0)
        for path in [fifo, folder.path, "/dev/zero", folder.file("absent")] {
            #expect(try engine.result(of: .file(path), at: endpoint).outcome == .unknown)
        }
    }
}
