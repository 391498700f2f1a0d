import HealthChecks
import LoadBalancing
import Testing

@testable import Checker

/// What the agent and its checker tell each other arrives as it was, and nothing else is taken for it.
@Suite struct CheckerMessageTests {
    static let probes: [ServerCheck.Probe] = [
        .tcp(nil), .tcp(.init(send: [1, 2, 0], expect: [3])), .udp(nil), .udp(.init()), .ping,
        .http(.init()), .http(full), .dns(.init(name: "example.org", type: "MX", answer: "10 mail.example.org")),
        .smtp(helo: "node"), .command(.init(["/bin/true", "-x", ""], isDynamic: true, user: "nobody")),
        .file("/run/weight"),
    ]

    private static var full: ServerCheck.HTTPProbe {
        var probe = ServerCheck.HTTPProbe()
        probe.isTLS = true
        probe.method = "POST"
        probe.path = "/health?x=1"
        probe.host = "shop.example"
        probe.headers = [.init("Accept", "*/*"), .init("X-A", "")]
        probe.statuses = [200...204, 401...401]
        probe.body = .sha256(["00", "ff"])
        probe.serverName = "sni.example"
        probe.verifies = true
        probe.certificate = "/etc/cert.pem"
        probe.key = "/etc/key.pem"
        return probe
    }

    private static func subject(_ probe: ServerCheck.Probe) throws -> CheckSubject {
        var check = ServerCheck(probe, interval: .seconds(2), timeout: .milliseconds(300), rise: 2, fall: 4)
        check.retryDelay = .seconds(1)
        check.address = IPAddress("2001:db8::7")
        check.source = IPAddress("192.0.2.9")
        check.port = 8080
        check.mark = 0xFFFF_FFFF
        return CheckSubject(check, of: Endpoint(IPAddress(v4: 0xC000_0201), port: 443))
    }

    @Test(arguments: probes)
    func subjectsArrive(_ probe: ServerCheck.Probe) throws {
        let message = CheckerMessage.add([.init(7, try Self.subject(probe))])
        #expect(CheckerMessage(message.bytes) == message)
    }

    @Test(arguments: [
        CheckerMessage.remove([]), .remove([1, .max]), .add([.init(3, nil)]), .trouble("no user"),
        .beat(.init(attempts: 9, lateness: .milliseconds(3), open: 2)),
        .results([
            .init(1, CheckResult(.up, reason: "HTTP 200 from /", duration: .milliseconds(12))),
            .init(2, CheckResult(.down, reason: "", duration: .zero)),
            .init(3, CheckResult(.weight(17), reason: "exit status 19", duration: .seconds(1))),
            .init(4, CheckResult(.unknown, reason: "cannot ask: é", duration: .seconds(1))),
        ]),
    ])
    func othersArrive(_ message: CheckerMessage) {
        #expect(CheckerMessage(message.bytes) == message)
    }

    @Test func whatIsCutOrLongerIsNoMessage() throws {
        for probe in Self.probes {
            let bytes = CheckerMessage.add([.init(7, try Self.subject(probe))]).bytes
            for count in 0..<bytes.count { #expect(CheckerMessage(Array(bytes[..<count])) == nil) }
            #expect(CheckerMessage(bytes + [0]) == nil)
        }
    }

    /// The one that does not read has its number all the same: somebody waits for a word of it.
    @Test func aSubjectThatDoesNotReadSpoilsNoOther() throws {
        var check = ServerCheck(.ping)
        check.interval = .zero
        let wrong = CheckSubject(check, of: Endpoint(IPAddress(v4: 1), port: 0))
        let right = try Self.subject(.tcp(nil))
        let message = try #require(CheckerMessage(CheckerMessage.add([.init(1, wrong), .init(2, right)]).bytes))
        #expect(message == .add([.init(1, nil), .init(2, right)]))
    }

    @Test func reasonsThatAreLongOrUnsafeAreRefused() {
        for reason in [String(repeating: "a", count: 201), "a\u{1B}[2J", "a\nb"] {
            let message = CheckerMessage.results([.init(1, CheckResult(.up, reason: reason, duration: .zero))])
            #expect(CheckerMessage(message.bytes) == nil)
        }
    }

    @Test(arguments: ["a\u{1B}\n", String(repeating: "é", count: 300), String(repeating: "\u{200B}", count: 100), "x"])
    func linesOfReasonsAreTaken(_ text: String) {
        let message = CheckerMessage.results([.init(1, CheckResult(.up, reason: Reason.line(text), duration: .zero))])
        #expect(CheckerMessage(message.bytes) == message)
    }

    @Test func aCountIsNoReasonToTakeMemory() {
        #expect(CheckerMessage([3, 0xFF, 0xFF, 0xFF, 0xFF, 0]) == nil)
    }
}
