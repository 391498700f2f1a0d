// swift-format-ignore-file: NeverForceUnwrap

import Documents
import LoadBalancing
import Testing

@testable import Presentation

@Suite("Why a declared virtual server is as it is") struct DeclaredServerViewTests {
    /// 2026-01-31T12:00:00Z.
    private static let noon = 1_769_860_800.0

    private let server = {
        var server = DesiredVirtualServer(
            VirtualServer(VirtualServerKey("tcp 192.0.2.1:80")!),
            realServers: [
                RealServer(Endpoint("198.51.100.1:80")!), RealServer(Endpoint("198.51.100.2:80")!),
                RealServer(Endpoint("198.51.100.3:80")!),
            ], name: "web")
        server.realServers[0].weight = 3
        server.realServers[2].weight = 0
        return server
    }()

    private static let status = """
        {"health": {"status": "ok"},
         "checks": {"list": [
           {"realServer": "198.51.100.1:80", "check": "tcp 198.51.100.1:80", "state": "down",
            "since": "2026-01-31T11:57:00.000Z", "reason": "connection refused"},
           {"realServer": "198.51.100.2:80", "check": "tcp 198.51.100.2:80", "state": "up", "reason": ""},
           {"realServer": "203.0.113.9:80", "check": "ping", "state": "down", "reason": "another's"}],
           "lostQuorums": ["tcp 192.0.2.1:80"]},
         "weights": [
           {"virtualServer": "tcp 192.0.2.1:80", "realServer": "198.51.100.1:80", "declared": 3, "effective": 0,
            "reason": "connection refused"},
           {"virtualServer": "tcp 192.0.2.9:80", "realServer": "198.51.100.2:80", "declared": 1, "effective": 7,
            "reason": "another's"}],
         "overrides": [
           {"kind": "drain", "realServer": "198.51.100.2", "virtualServer": null, "remainingSeconds": 7200,
            "user": 0, "process": 99},
           {"kind": "drain", "realServer": "198.51.100.2:81", "virtualServer": null, "user": 0, "process": 1}],
         "drains": [
           {"virtualServer": "tcp 192.0.2.1:80", "realServer": "198.51.100.9:80", "connections": 12, "seconds": 60,
            "remainingSeconds": 240},
           {"virtualServer": "tcp 192.0.2.9:80", "realServer": "198.51.100.8:80", "connections": 1, "seconds": 1,
            "remainingSeconds": 1}],
         "refused": ["tcp 192.0.2.1:80: no such scheduler", "tcp 192.0.2.9:80: another's",
            "tcp 192.0.2.1:8080: another's"]}
        """

    private func view(_ status: String?) throws -> DeclaredServerView {
        DeclaredServerView(
            [(server, "web.yaml:3")],
            status: try status.map { AgentStatus(try Document(json: Array($0.utf8))) }, problem: "no agent runs here",
            now: Self.noon)
    }

    @Test("Each weight has its reason, with checks, orders by hand and drains") func text() throws {
        #expect(
            try view(Self.status).lines(for: Terminal(showsColours: false)) == [
                "Virtual server tcp 192.0.2.1:80 (web)",
                "  declared at web.yaml:3",
                "  scheduler wlc, persistence -",
                "  its quorum is lost: too few real servers are up",
                "  198.51.100.1:80  weight 0  declared 3: connection refused",
                "    check tcp 198.51.100.1:80  down for 3m: connection refused",
                "  198.51.100.2:80  weight 1  as declared",
                "    check tcp 198.51.100.2:80  up",
                "    by hand: drain 198.51.100.2 in all virtual servers, for 2h, by uid 0, pid 99",
                "  198.51.100.3:80  weight 0  declared so: no new connections",
                "  198.51.100.9:80  weight 0  it is not declared any more",
                "    draining for 1m, 12 connections left, at most 4m more",
                "  not done: tcp 192.0.2.1:80: no such scheduler",
            ])
    }

    @Test("A document says the same") func document() throws {
        let document = try view(Self.status).document
        #expect(document["agent"]?.string == "ok")
        let server = try #require(document["virtualServers"]?.elements.first)
        #expect(server["name"]?.string == "web" && server["declaredAt"]?.string == "web.yaml:3")
        let rows = server["realServers"]?.elements ?? []
        #expect(rows.map { $0["weight"]?.count } == [0, 1, 0, 0])
        #expect(rows.map { $0["declaredWeight"]?.count } == [3, 1, 0, nil])
        #expect(rows.last?["drain"]?["connections"]?.count == 12)
        #expect(rows.first?["checks"]?.elements.first?["state"]?.string == "down")
    }

    @Test("Without an agent, what is not known is said") func withoutAgent() throws {
        let view = try view(nil)
        #expect(view.lines(for: Terminal(showsColours: false)).last?.contains("no agent runs here") == true)
        #expect(view.document["agent"] == .null)
    }

    @Test("One that waits for an address is not in the kernel") func waiting() throws {
        var waiting = server
        waiting.activeWhen = IPAddress("192.0.2.1")
        func line(_ status: String) throws -> String? {
            DeclaredServerView(
                [(waiting, "f:1")], status: AgentStatus(try Document(json: Array(status.utf8))), now: Self.noon
            ).lines(for: Terminal(showsColours: false)).dropFirst(3).first
        }
        #expect(
            try line(#"{"inactive": [{"address": "192.0.2.1", "virtualServers": 1}]}"#)
                == "  not in the kernel: it waits for the address 192.0.2.1")
        #expect(try line("{}") == "  in the kernel only with the address 192.0.2.1")
    }
}
