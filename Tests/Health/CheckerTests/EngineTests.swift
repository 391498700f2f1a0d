import HealthChecks
import LoadBalancing
import Testing

@testable import Checker

/// What the engine finds of servers that are well, and of all the ways in which they are not.
@Suite struct EngineTests {
    private let engine: EngineUnderTest

    init() throws { engine = try EngineUnderTest() }

    private static let soon = Duration.milliseconds(150)

    @Test(arguments: LoopbackServer.addresses)
    func aServerThatAccepts(_ address: String) throws {
        let server = try LoopbackServer(.hangs, at: address)
        let result = try engine.result(of: .tcp(nil), at: server.endpoint)
        #expect(result.outcome == .up)
        #expect(result.reason == "connected")
    }

    @Test(arguments: LoopbackServer.addresses)
    func aClosedPort(_ address: String) throws {
        let endpoint = try LoopbackServer.closedEndpoint(address)
        for probe in [ServerCheck.Probe.tcp(nil), .http(.init()), .udp(.init(send: [1])), .smtp(helo: "n")] {
            let result = try engine.result(of: probe, at: endpoint)
            #expect(result.outcome == .down)
            #expect(result.reason == "connection refused")
        }
    }

    @Test func aServerThatHangsAfterItAccepted() throws {
        let server = try LoopbackServer(.hangs)
        for probe in [ServerCheck.Probe.tcp(.init()), .http(.init()), .smtp(helo: "n")] {
            let result = try engine.result(of: probe, at: server.endpoint, timeout: Self.soon)
            #expect(result.outcome == .down)
            #expect(result.reason == "no answer within 150 ms")
            #expect(result.duration >= Self.soon)
        }
    }

    @Test func aServerThatResetsOrCloses() throws {
        let resetting = try LoopbackServer(.resets)
        let closing = try LoopbackServer(.closes)
        let exchange = ServerCheck.Probe.tcp(.init(send: [65], expect: [66]))
        // A reset can come before the connection was looked at, or after.
        for server in [resetting, closing] {
            for probe in [exchange, .http(.init())] {
                #expect(try engine.result(of: probe, at: server.endpoint).outcome == .down)
            }
        }
    }

    @Test func anExchange() throws {
        let server = try LoopbackServer(.answers("+OK READY"))
        func result(_ expect: String) throws -> CheckResult {
            try engine.result(
                of: .tcp(.init(send: Array("PING\n".utf8), expect: Array(expect.utf8))), at: server.endpoint)
        }
        #expect(try result("READY").outcome == .up)
        #expect(try result("").outcome == .up)
        let wrong = try result("STEADY")
        #expect(wrong.outcome == .down)
        #expect(wrong.reason == "the connection was closed without the answer that was expected")
    }

    @Test func datagrams() throws {
        let echo = try LoopbackServer(.datagrams { [$0] })
        let mute = try LoopbackServer(.datagrams { _ in [] })
        let hello = Array("hello".utf8)
        #expect(
            try engine.result(of: .udp(.init(send: hello, expect: hello)), at: echo.endpoint).outcome == .up)
        #expect(
            try engine.result(
                of: .udp(.init(send: hello, expect: [0])), at: echo.endpoint, timeout: Self.soon
            ).reason == "not what was expected within 150 ms")
        #expect(
            try engine.result(of: .udp(.init(send: hello)), at: mute.endpoint, timeout: Self.soon).reason
                == "no answer within 150 ms")
        #expect(try engine.result(of: .udp(nil), at: mute.endpoint, timeout: Self.soon).outcome == .up)
    }

    @Test func mail() throws {
        let good = try LoopbackServer(.greets(["220-mail\r\n220 ready\r\n", "250 hello\r\n", "221 bye\r\n"]))
        let busy = try LoopbackServer(.greets(["421 too busy\r\n"]))
        let impolite = try LoopbackServer(.greets(["220 ready\r\n", "550 go away\u{7}\r\n"]))
        let other = try LoopbackServer(.greets(["SSH-2.0-x\r\n"]))
        func result(_ server: LoopbackServer) throws -> String {
            try engine.result(of: .smtp(helo: "node.example"), at: server.endpoint).reason
        }
        #expect(try result(good) == "250 hello")
        #expect(try result(busy) == "421 too busy")
        #expect(try result(impolite) == #"HELO: 550 go away\u{7}"#)
        #expect(try result(other) == "not an answer of SMTP: SSH-2.0-x")
    }

    @Test func anAddressToAskFromThatIsNotHere() throws {
        let server = try LoopbackServer(.hangs)
        let elsewhere = IPAddress("203.0.113.77")
        for probe in [ServerCheck.Probe.tcp(nil), .http(.init())] {
            let result = try engine.result(of: probe, at: server.endpoint) { $0.source = elsewhere }
            #expect(result.outcome == .unknown)
            #expect(result.reason == "cannot ask: from 203.0.113.77: cannot assign requested address")
        }
        let here = IPAddress("127.0.0.9")
        #expect(try engine.result(of: .tcp(nil), at: server.endpoint) { $0.source = here }.outcome == .up)
    }

    @Test func anotherAddressAndPort() throws {
        let server = try LoopbackServer(.hangs)
        let result = try engine.result(of: .tcp(nil), at: Endpoint(IPAddress(v4: 0x7F00_0002), port: 1)) {
            $0.address = server.endpoint.address
            $0.port = server.endpoint.port
        }
        #expect(result.outcome == .up)
    }

    /// What is removed is asked no more, and what was there goes on.
    @Test func onlyWhatIsThereIsChecked() throws {
        let server = try LoopbackServer(.hangs)
        let closed = try LoopbackServer.closedEndpoint()
        func subject(_ endpoint: Endpoint) -> CheckSubject {
            CheckSubject(ServerCheck(.tcp(nil), interval: .milliseconds(20)), of: endpoint)
        }
        try engine.send(.add([.init(1, subject(server.endpoint)), .init(2, subject(closed))]))
        #expect(try engine.next { $0.number == 2 }?.result.outcome == .down)
        #expect(try engine.next { $0.number == 1 }?.result.outcome == .up)
        try engine.send(.remove([2]))
        // Whatever of it was under way has come when a later order has been carried out.
        try engine.send(.add([.init(3, nil)]))
        #expect(try engine.next { $0.number == 3 }?.result.outcome == .unknown)
        for _ in 0..<20 { #expect(try engine.next()?.number == 1) }
    }
}
