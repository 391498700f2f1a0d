import Checker
import HealthChecks
import LoadBalancing
import TestSupport

/// What the checker and the agent tell each other, and what servers answer to checks.
extension FuzzTarget {
    static func readCheckerBytes(_ bytes: [UInt8]) {
        if let message = CheckerMessage(bytes) {
            precondition(CheckerMessage(message.bytes) == message, "a message does not read as it was written")
        }
        AnswerReaders.read(bytes)
    }

    static var checkerBytes: [[UInt8]] {
        let endpoint = Endpoint(IPAddress(v4: 0xC000_0201), port: 80)
        var http = ServerCheck.HTTPProbe()
        http.headers = [.init("Accept", "*/*")]
        http.body = .md5(["0123456789abcdef0123456789abcdef"])
        let probes: [ServerCheck.Probe] = [
            .http(http), .tcp(.init(send: [1], expect: [2])), .dns(.init(name: "a.example", answer: "192.0.2.1")),
            .command(.init(["/bin/true"], user: "nobody")), .smtp(helo: "node"),
        ]
        let assignments = probes.enumerated().map { index, probe in
            CheckerMessage.Assignment(UInt32(index), CheckSubject(ServerCheck(probe), of: endpoint))
        }
        let results = [
            CheckerMessage.Report(1, .init(.up, reason: "HTTP 200 from /", duration: .milliseconds(3))),
            .init(2, .init(.weight(7), reason: "exit status 9", duration: .zero)),
        ]
        let question = "1234 8180 0001 0002 0000 0000 0473686f70 076578616d706c65 00 0001 0001"
        return [
            CheckerMessage.add(assignments).bytes, CheckerMessage.remove([1, 2, 3]).bytes,
            CheckerMessage.results(results).bytes, CheckerMessage.trouble("no").bytes,
            WireBytes.hex(question + "c00c 0005 0001 00000000 0002 c011 c00c 0001 0001 00000000 0004 c0000201"),
            WireBytes.hex(question + "c00c 0006 0001 00000000 0018 c00c c00c" + String(repeating: "01", count: 20)),
            Array("220-mail\r\n220 ready\r\n250 hello\r\n".utf8),
        ]
    }
}
