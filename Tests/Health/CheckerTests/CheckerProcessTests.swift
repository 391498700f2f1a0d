import CSystem
import Glibc
import HealthChecks
import LoadBalancing
import TemporaryFiles
import TestSupport
import Testing

@testable import Checker

/// The real program as a checker, and programs that only say that they are one.
@Suite struct CheckerProcessTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Everything that is waited for here comes soon; a busy machine may take its time.
    private static let patience = Duration.seconds(600)

    private static func subject(_ server: LoopbackServer, _ probe: ServerCheck.Probe = .tcp(nil)) -> CheckSubject {
        CheckSubject(ServerCheck(probe, interval: .milliseconds(50), timeout: .seconds(60)), of: server.endpoint)
    }

    private func checker(silence: Duration = .seconds(600)) throws -> CheckerProcess {
        try CheckerProcess(
            executable: BuiltProgram.path("ipvsync"),
            patience: .init(silence: silence, firstDelay: .milliseconds(20), longestDelay: .milliseconds(40)))
    }

    /// A program that takes the checker's place.
    private func impostor(_ script: String, silence: Duration = .seconds(600)) throws -> CheckerProcess {
        let text = "import socket, time\nagent = socket.socket(fileno=3)\n" + script
        // A program that was just written may be busy in a child of another test.
        return try CheckerProcess(
            executable: "/usr/bin/env", arguments: ["python3", try folder.write(text, to: "impostor.py")],
            patience: .init(silence: silence, firstDelay: .milliseconds(20), longestDelay: .milliseconds(40)))
    }

    /// Waits as an agent does, until what comes is as wanted.
    private func wait(
        for checker: CheckerProcess, until isEnough: ([(CheckSubject, CheckResult)]) -> Bool
    ) throws {
        let end = ContinuousClock.now + Self.patience
        while true {
            let now = ContinuousClock.now
            if isEnough(checker.receive(now: now)) { return }
            try #require(now < end, "\(checker.problem ?? "nothing came")")
            var poll = pollfd(fd: checker.descriptor, events: Int16(POLLIN), revents: 0)
            let milliseconds = checker.wakeUp.map { max(0, now.duration(to: $0) / .milliseconds(1)) } ?? 1_000
            _ = Glibc.poll(&poll, 1, Int32(min(milliseconds, 1_000)) + 1)
        }
    }

    @Test func resultsCome() throws {
        let checker = try checker()
        let server = try LoopbackServer(.hangs)
        let subjects = [Self.subject(server), Self.subject(server, .http(.init()))].map { subject in
            var check = subject.check
            check.timeout = .milliseconds(100)
            return CheckSubject(check, of: subject.realServer)
        }
        checker.use(Set(subjects), now: .now)
        var found: [CheckSubject: CheckResult] = [:]
        try wait(for: checker) { results in
            for (subject, result) in results { found[subject] = result }
            return found.count == 2
        }
        #expect(found[subjects[0]]?.outcome == .up)
        #expect(found[subjects[1]]?.outcome == .down)
        #expect(checker.problem == nil)
        #expect(checker.processIdentifiers.count == 1)
        checker.use([], now: .now)
        #expect(checker.processIdentifiers == [])
        #expect(checker.wakeUp == nil)
    }

    @Test func aCheckerThatIsKilledIsStartedAgain() throws {
        let checker = try checker()
        let server = try LoopbackServer(.hangs)
        checker.use([Self.subject(server)], now: .now)
        for _ in 0..<3 {
            try wait(for: checker) { !$0.isEmpty }
            let process = try #require(checker.processIdentifiers.first)
            kill(process, SIGKILL)
            try wait(for: checker) { _ in checker.problem != nil }
            #expect(checker.problem == "the checker (network) is started again: it ended")
            try wait(for: checker) { _ in checker.problem == nil }
            #expect(checker.processIdentifiers.first != process)
        }
    }

    @Test func aCheckerThatHangsIsKilledAndStartedAgain() throws {
        let checker = try checker(silence: .seconds(5))
        let server = try LoopbackServer(.hangs)
        checker.use([Self.subject(server)], now: .now)
        try wait(for: checker) { !$0.isEmpty }
        let process = try #require(checker.processIdentifiers.first)
        kill(process, SIGSTOP)
        try wait(for: checker) { _ in checker.problem != nil }
        #expect(checker.problem == "the checker (network) is started again: nothing was heard of it for 5 s")
        try wait(for: checker) { !$0.isEmpty }
        #expect(checker.processIdentifiers.first != process)
    }

    @Test(arguments: [
        ("agent.send(b'nonsense')", "it sent what is no message"),
        ("agent.send(b'')", "it ended"),
        ("agent.send(b'\\x02' + bytes(4))", "it sent what only the agent sends"),
        ("agent.send(bytes(100000))", "it sent what is no message"),
        ("agent.send(b'\\x05\\x00\\x00\\x00\\x04away'); agent.close()", "away"),
    ])
    func aCheckerThatSaysWhatItMustNot(_ script: String, _ reason: String) throws {
        let checker = try impostor(script + "\ntime.sleep(100000)\n")
        checker.use([Self.subject(try LoopbackServer(.hangs))], now: .now)
        try wait(for: checker) { results in
            #expect(results.isEmpty)
            return checker.problem != nil
        }
        #expect(checker.problem == "the checker (network) is started again: \(reason)")
    }

    /// It tells of a number that it was not given, and then of the one that it was.
    @Test func resultsOfUnknownNumbersAreNobodys() throws {
        let checker = try impostor(
            """
            first = agent.recv(65536)
            report = lambda number: number + b'\\x01' + bytes(8) + bytes(4)
            agent.send(b'\\x03\\x00\\x00\\x00\\x01' + report(b'\\x00\\x00\\xff\\xff'))
            agent.send(b'\\x03\\x00\\x00\\x00\\x01' + report(first[5:9]))
            time.sleep(100000)

            """)
        let subject = Self.subject(try LoopbackServer(.hangs))
        checker.use([subject], now: .now)
        var results: [(CheckSubject, CheckResult)] = []
        try wait(for: checker) {
            results += $0
            return !results.isEmpty
        }
        #expect(results.map(\.0) == [subject])
    }

    /// Nobody takes what the agent sends: it does not wait, and kills who does not read.
    @Test func aCheckerThatReadsNothing() throws {
        let checker = try impostor("time.sleep(100000)\n", silence: .seconds(2))
        let subjects = (0..<20_000).map { number in
            CheckSubject(ServerCheck(.tcp(nil)), of: Endpoint(IPAddress(v4: 0x0A00_0000 + UInt32(number)), port: 80))
        }
        checker.use(Set(subjects), now: .now)
        try wait(for: checker) { _ in checker.problem != nil }
        #expect(checker.problem == "the checker (network) is started again: nothing was heard of it for 2 s")
    }

    @Test func manySubjectsArrive() throws {
        let checker = try checker()
        let server = try LoopbackServer(.hangs)
        let check = ServerCheck(.tcp(nil), interval: .seconds(1), port: server.endpoint.port)
        let subjects = Set(
            (0..<5_000).map { CheckSubject(check, of: Endpoint(IPAddress(v4: 0x7F01_0000 + UInt32($0)), port: 1)) })
        checker.use(subjects, now: .now)
        var missing = subjects
        try wait(for: checker) { results in
            for (subject, _) in results { missing.remove(subject) }
            return missing.isEmpty
        }
    }

    @Test func aProgramThatIsNotThere() throws {
        let checker = try CheckerProcess(executable: "/nowhere/at/all")
        checker.use([Self.subject(try LoopbackServer(.hangs))], now: .now)
        #expect(
            checker.problem
                == "the checker (network) is started again: /nowhere/at/all cannot be run: No such file or directory")
        #expect(checker.wakeUp != nil)
    }

    // MARK: What it may do

    /// A line of `/proc/PID/status`.
    private static func status(_ process: Int32, _ field: String) throws -> String {
        let file = try #require(fopen("/proc/\(process)/status", "r"))
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 512)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if text.hasPrefix("\(field):") { return text.dropFirst(field.count + 1).filter { !$0.isNewline } }
        }
        throw CheckerError("no \(field)")
    }

    @Test func itHasNoRightsLeft() throws {
        let checker = try checker()
        checker.use([Self.subject(try LoopbackServer(.hangs))], now: .now)
        try wait(for: checker) { !$0.isEmpty }
        let process = try #require(checker.processIdentifiers.first)
        for set in ["CapPrm", "CapEff", "CapInh", "CapAmb"] {
            #expect(try Self.status(process, set).contains("0000000000000000"), "\(set)")
        }
        #expect(try Self.status(process, "NoNewPrivs").contains("1"))
        // The field is not there where the kernel has no filters.
        if let filter = try? Self.status(process, "Seccomp") { #expect(filter.contains("2")) }
        guard geteuid() == 0 else { return }
        #expect(try Self.status(process, "CapBnd").contains("0000000000000000"))
        #expect(try !Self.status(process, "Uid").split(separator: "\t").contains("0"))
        #expect(try Self.status(process, "Groups").allSatisfy(\.isWhitespace))
    }

    /// Marks take one capability of the checker, from the moment that the first check has one.
    @Test(.enabled(if: geteuid() == 0)) func itKeepsWhatMarksNeed() throws {
        let checker = try checker()
        let server = try LoopbackServer(.hangs)
        let plain = Self.subject(server)
        checker.use([plain], now: .now)
        try wait(for: checker) { !$0.isEmpty }
        let first = try #require(checker.processIdentifiers.first)
        var check = plain.check
        check.mark = 7
        let marked = CheckSubject(check, of: server.endpoint)
        checker.use([plain, marked], now: .now)
        try wait(for: checker) { results in
            results.contains { subject, result in subject == marked && result.outcome == .up }
        }
        let second = try #require(checker.processIdentifiers.first)
        #expect(second != first)
        #expect(try Self.status(second, "CapEff").contains("0000000000002000"))
    }

    @Test(arguments: LoopbackServer.addresses)
    func echoes(_ address: String) throws {
        let checker = try checker()
        let endpoint = Endpoint(try #require(IPAddress(address)), port: 0)
        let subject = CheckSubject(ServerCheck(.ping, interval: .milliseconds(50), timeout: .seconds(60)), of: endpoint)
        checker.use([subject], now: .now)
        try wait(for: checker) { results in
            guard let result = results.first?.1 else { return false }
            // Only root and whom the kernel lets may.
            #expect(result.outcome == .up || geteuid() != 0, "\(result.reason)")
            return true
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func commandsRunAsTheirUsers() throws {
        let checker = try checker()
        func subject(_ user: String?, _ expected: String) -> CheckSubject {
            let probe = ServerCheck.CommandProbe(["/bin/sh", "-c", "test $(id -un) = \(expected)"], user: user)
            return CheckSubject(
                ServerCheck(.command(probe), interval: .milliseconds(50), timeout: .seconds(60)),
                of: Endpoint(IPAddress(v4: 1), port: 1))
        }
        let subjects: Set = [subject(nil, "nobody"), subject("daemon", "daemon"), subject("root", "root")]
        checker.use(subjects.union([subject("no-such-user", "x")]), now: .now)
        var found: [CheckSubject: CheckResult] = [:]
        try wait(for: checker) { results in
            for (subject, result) in results { found[subject] = result }
            return found.count == 3 && checker.problem != nil
        }
        #expect(Set(found.keys) == subjects)
        #expect(found.values.allSatisfy { $0.outcome == .up })
        #expect(
            checker.problem
                == "the checker (commands of no-such-user) is started again: there is no user no-such-user")
    }

    /// It ends with the agent that started it.
    @Test func itDoesNotOutliveTheAgent() throws {
        var checker: CheckerProcess? = try checker()
        checker?.use([Self.subject(try LoopbackServer(.hangs))], now: .now)
        if let checker { try wait(for: checker) { !$0.isEmpty } }
        let process = try #require(checker?.processIdentifiers.first)
        checker = nil
        let end = ContinuousClock.now + Self.patience
        while kill(process, 0) == 0, .now < end {
            Reaper.reap()
            usleep(10_000)
        }
        #expect(kill(process, 0) != 0)
    }
}
