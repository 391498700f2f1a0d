import Glibc
import LoadBalancing
import TemporaryFiles
import TestSupport
import Testing

@testable import Checker
@testable import HealthChecks

/// Programs that are run for events, by the checker that was built with these tests.
@Suite("Hooks") final class HookRunnerTests {
    private let folder: TemporaryFolder
    private let runner = HookRunner(executable: BuiltProgram.path("ipvsync"))
    private let key = VirtualServerKey.firewallMark(7, .ipv4)
    private let start = ContinuousClock.now

    init() throws {
        folder = try TemporaryFolder()
        // Whatever user they run as.
        chmod(folder.path, 0o1777)
    }

    private func settings(_ script: String, _ events: [HookSettings.Event] = HookSettings.Event.allCases)
        -> HookSettings
    {
        var settings = HookSettings(user: userName)
        for event in events { settings.commands[event] = ["/bin/sh", "-c", script, "hook", folder.path] }
        return settings
    }

    /// The tests' own, so that nobody has to be another.
    private var userName: String { String(cString: getpwuid(geteuid()).pointee.pw_name) }

    private func transition(_ number: UInt32, _ new: Verdict.State, reason: String = "HTTP 503") -> VerdictChange {
        var change = VerdictChange()
        let subject = CheckSubject(ServerCheck(.tcp(nil)), of: Endpoint(IPAddress(v4: 0x0A00_0000 + number), port: 80))
        change.transitions.append(
            VerdictChange.Transition(
                subject: subject, old: new == .down ? .up : .down, new: new, lasted: .zero,
                result: CheckResult(new == .down ? .down : .up, reason: reason, duration: .zero),
                virtualServers: [key], decides: true))
        return change
    }

    private func quorum(_ isThere: Bool) -> VerdictChange {
        var change = VerdictChange()
        change.quorums.append(VerdictChange.Quorum(virtualServer: key, isThere: isThere))
        return change
    }

    /// Goes on until so many events are over; what was said meanwhile.
    private func run(_ count: UInt64, limit: Duration = .seconds(60)) -> [HookNotice] {
        var notices: [HookNotice] = []
        let end = ContinuousClock.now + limit
        while runner.figures.done + runner.figures.failed < count, ContinuousClock.now < end {
            notices += runner.turn(now: .now)
            var polled = pollfd(fd: runner.descriptor ?? -1, events: Int16(POLLIN), revents: 0)
            poll(&polled, 1, 20)
        }
        return notices
    }

    @Test("A program is told of its event, with a clean environment and no descriptor but three")
    func environment() throws {
        runner.settings = settings("env >$1/env-$IPVSYNC_EVENT; ls /proc/self/fd >$1/fd-$IPVSYNC_EVENT")
        #expect(runner.take(transition(1, .down, reason: "a\tb\nc"), names: { _ in nil }).isEmpty)
        #expect(runner.take(quorum(false), names: { _ in "web" }).isEmpty)
        #expect(run(2).isEmpty && runner.figures.done == 2)
        let down = Set(try #require(folder.text(of: "env-realServerDown")).split(separator: "\n"))
        for line in [
            "IPVSYNC_EVENT=realServerDown", "IPVSYNC_REAL_SERVER=10.0.0.1:80", "IPVSYNC_ADDRESS=10.0.0.1",
            "IPVSYNC_PORT=80", "IPVSYNC_REASON=abc", "IPVSYNC_VIRTUAL_SERVERS=fwmark 7", "LC_ALL=C",
        ] {
            #expect(down.contains(Substring(line)), "\(line) in \(down)")
        }
        let known = ["IPVSYNC_", "PATH=", "LC_ALL=", "PWD=", "OLDPWD=", "SHLVL=", "_="]
        #expect(down.allSatisfy { line in known.contains { line.hasPrefix($0) } }, "\(down)")
        let lost = try #require(folder.text(of: "env-quorumLost"))
        #expect(lost.contains("IPVSYNC_VIRTUAL_SERVER=fwmark 7\n") && lost.contains("IPVSYNC_NAME=web\n"))
        // The three, and the one by which `ls` reads the directory.
        #expect(folder.text(of: "fd-realServerDown")?.split(separator: "\n") == ["0", "1", "2", "3"])
        // Nothing stays.
        _ = runner.turn(now: .now)
        #expect(runner.wakeUp == nil && runner.processIdentifiers.isEmpty)
    }

    @Test("Events of one real server come in their order, each once")
    func order() throws {
        runner.settings = settings("sleep 0.0$(($IPVSYNC_NUMBER % 3)); echo $IPVSYNC_EVENT >>$1/log-$IPVSYNC_ADDRESS")
        for round in 0..<6 {
            for number in UInt32(1)...3 {
                _ = runner.take(transition(number, round.isMultiple(of: 2) ? .down : .up), names: { _ in nil })
            }
        }
        #expect(run(18).isEmpty && runner.figures.done == 18)
        for number in 1...3 {
            let lines = folder.text(of: "log-10.0.0.\(number)")?.split(separator: "\n")
            #expect(
                lines == [
                    "realServerDown", "realServerUp", "realServerDown", "realServerUp", "realServerDown",
                    "realServerUp",
                ])
        }
    }

    @Test("A program that fails, hangs or is not there is told of once, and holds up no other")
    func failures() {
        var failing = settings("exit 3")
        failing.commands[.quorumLost] = ["/bin/sleep", "600"]
        failing.commands[.quorumGained] = ["/nonexistent/program"]
        failing.timeout = .milliseconds(300)
        runner.settings = failing
        for number in UInt32(1)...3 { _ = runner.take(transition(number, .down), names: { _ in nil }) }
        _ = runner.take(quorum(false), names: { _ in nil })
        _ = runner.take(quorum(true), names: { _ in nil })
        let notices = run(5)
        #expect(runner.figures.failed == 5)
        let texts = notices.map { "\($0)" }.sorted()
        #expect(texts.count == 3)
        #expect(texts.contains { $0.contains("exit status 3") } && texts.contains { $0.contains("killed") })
        #expect(texts.contains { $0.contains("cannot be run") }, "\(texts)")
    }

    @Test("Too many events are dropped and counted, and that is told of once")
    func overflow() {
        runner.settings = settings("true", [.realServerDown])
        var notices: [HookNotice] = []
        for number in 0..<(HookRunner.mostWaiting + 5) {
            notices += runner.take(transition(UInt32(number), .down), names: { _ in nil })
            // Nobody asked for these.
            notices += runner.take(transition(UInt32(number), .up), names: { _ in nil })
        }
        #expect(notices == [.dropping] && runner.figures.dropped == 5)
        runner.settings = nil
        _ = runner.turn(now: .now)
        #expect(runner.descriptor == nil && runner.take(transition(1, .down), names: { _ in nil }).isEmpty)
    }

    @Test("Root runs nothing as itself unless it is said", .enabled(if: geteuid() == 0))
    func root() throws {
        var settings = settings("id -u >$1/user")
        settings.user = nil
        runner.settings = settings
        _ = runner.take(quorum(false), names: { _ in nil })
        _ = run(1)
        let user = folder.text(of: "user").map { $0.filter { !$0.isWhitespace } }
        #expect(user != "0", "it ran as root")
        #expect(user != nil || runner.figures.failed == 1)
    }
}
