import HealthChecks
import LoadBalancing
import TemporaryFiles
import Testing

@testable import Checker

/// What the engine finds of HTTP servers.
@Suite struct HTTPCheckTests {
    private let engine: EngineUnderTest

    init() throws { engine = try EngineUnderTest() }

    private static func answer(_ body: String, status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func result(
        _ answer: String, timeout: Duration = .seconds(60), _ change: (inout ServerCheck.HTTPProbe) -> Void = { _ in }
    ) throws -> CheckResult {
        let server = try LoopbackServer(.answers(answer))
        var probe = ServerCheck.HTTPProbe()
        change(&probe)
        return try engine.result(of: .http(probe), at: server.endpoint, timeout: timeout)
    }

    @Test(arguments: LoopbackServer.addresses)
    func itIsWell(_ address: String) throws {
        let server = try LoopbackServer(.answers(Self.answer("x")), at: address)
        let result = try engine.result(of: .http(.init()), at: server.endpoint)
        #expect(result.outcome == .up)
        #expect(result.reason == "HTTP 200 from /")
    }

    @Test func statuses() throws {
        let broken = try result(Self.answer("x", status: "503 Busy")) { $0.path = "/healthz" }
        #expect(broken.outcome == .down)
        #expect(broken.reason == "HTTP 503 from /healthz")
        // An empty body is another way through libcurl.
        #expect(try result(Self.answer("", status: "500 No")).reason == "HTTP 500 from /")
        #expect(try result(Self.answer("", status: "404 No")) { $0.statuses = [200...200, 404...404] }.outcome == .up)
        let redirect = "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"
        #expect(try result(redirect).reason == "HTTP 302 from /")
    }

    @Test func bodies() throws {
        let answer = Self.answer("all is well: abc")
        func reason(_ body: ServerCheck.Body) throws -> String { try result(answer) { $0.body = body }.reason }
        #expect(try reason(.contains("is well")) == "HTTP 200 from /")
        #expect(try reason(.contains("is ill")) == "HTTP 200 from /: the text is not in the body")
        #expect(try reason(.matches("^all (is|are) wel+: [a-c]{3}$")) == "HTTP 200 from /")
        #expect(try reason(.matches("^all are")) == "HTTP 200 from /: the body does not match")
        #expect(try reason(.matches("(a)\\1")) == "cannot ask: the pattern has a back reference")
        #expect(try reason(.matches("(")).hasPrefix("cannot ask: the pattern: "))
        #expect(try reason(.md5(["0b3de4db27d9cf9a1fbd2c9fb3a2d4cb"])).contains("the body's digest is "))
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try result(Self.answer("abc")) { $0.body = .sha256([digest]) }.outcome == .up)
        #expect(try result(Self.answer("abc")) { $0.body = .md5(["900150983cd24fb0d6963f7d28e17f72"]) }.outcome == .up)
    }

    @Test func aBodyWithoutEnd() throws {
        let long = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + String(repeating: "abcdefgh", count: 200_000)
        func found(_ body: ServerCheck.Body?) throws -> CheckResult { try result(long) { $0.body = body } }
        #expect(try found(nil).outcome == .up)
        #expect(try found(.contains("xyz")).reason == "HTTP 200 from /: the text is not in the first MiB of the body")
        #expect(try found(.matches("xyz")).reason == "HTTP 200 from /: the first 64 KiB of the body do not match")
        #expect(try found(.sha256([])).reason == "HTTP 200 from /: the body is longer than a MiB")
    }

    @Test func whatIsNoHTTP() throws {
        let tooShort = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
        for answer in ["SSH-2.0-OpenSSH\r\n", tooShort, "HTTP/9.9 200\r\n\r\n"] {
            #expect(try result(answer).outcome == .down)
        }
        let header = "X-A: \(String(repeating: "b", count: 1_000))\r\n"
        let head = "HTTP/1.1 200 OK\r\n" + String(repeating: header, count: 80)
        #expect(try result(head + "\r\n").reason == "the head of the answer is longer than 64 KiB")
    }

    /// What arrives at the server is what the check says.
    @Test func theRequest() throws {
        // A TCP check's answer shows nothing of the request: a server that holds it against its own expectation does.
        let folder = try TemporaryFolder()
        let script = """
            import socket, sys
            listener = socket.create_server(("127.0.0.1", 0))
            print(listener.getsockname()[1], flush=True)
            while True:
                connection, _ = listener.accept()
                head = connection.recv(65536)
                body = b"|".join(head.split(b"\\r\\n")).rstrip(b"|")
                connection.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n" + body)
                connection.close()
            """
        let server = try RunningProgram(["/usr/bin/env", "python3", try folder.write(script, to: "echo.py")])
        let port = try #require(UInt16(try server.line()))
        var probe = ServerCheck.HTTPProbe()
        probe.method = "OPTIONS"
        probe.path = "/a/../b?c=d"
        probe.host = "shop.example"
        probe.headers = [.init("X-Test", "1")]
        probe.body = .matches(
            #"^OPTIONS /a/\.\./b\?c=d HTTP/1\.1\|Host: shop\.example\|User-Agent: ipvsync\|Accept: \*/\*\|"#
                + #"Connection: close\|X-Test: 1$"#)
        let endpoint = Endpoint(IPAddress(v4: 0x7F00_0001), port: port)
        #expect(try engine.result(of: .http(probe), at: endpoint).reason == "HTTP 200 from /a/../b?c=d")
    }

    @Test func certificates() throws {
        let folder = try TemporaryFolder()
        let good = try TestCertificate(in: folder, "good", lastYear: 2049)
        let expired = try TestCertificate(in: folder, "expired", lastYear: 2021)
        let trusting = try EngineUnderTest(authorities: good.path)
        var probe = ServerCheck.HTTPProbe()
        probe.isTLS = true
        func result(_ engine: EngineUnderTest, _ port: UInt16) throws -> CheckResult {
            try engine.result(of: .http(probe), at: Endpoint(IPAddress(v4: 0x7F00_0001), port: port))
        }
        let (server, port) = try good.serve()
        defer { withExtendedLifetime(server) {} }
        #expect(try result(engine, port).reason == "HTTP 200 from /")
        probe.verifies = true
        #expect(try result(engine, port).reason.contains("certificate"), "nobody has signed it")
        #expect(try result(trusting, port).outcome == .down, "it is not for an address")
        probe.host = "shop.example:8443"
        #expect(try result(trusting, port).reason == "HTTP 200 from /")
        probe.serverName = "other.example"
        #expect(try result(trusting, port).outcome == .down)
        probe.serverName = nil
        let (old, oldPort) = try expired.serve()
        defer { withExtendedLifetime(old) {} }
        let refused = try result(try EngineUnderTest(authorities: expired.path), oldPort)
        #expect(refused.outcome == .down)
        #expect(refused.reason.contains("certificate has expired"), "\(refused.reason)")
        probe.certificate = folder.file("missing.pem")
        #expect(try result(trusting, port).outcome == .unknown)
        probe.certificate = nil
        let plain = try LoopbackServer(.answers(Self.answer("x")))
        #expect(try result(trusting, plain.endpoint.port).outcome == .down)
    }
}
