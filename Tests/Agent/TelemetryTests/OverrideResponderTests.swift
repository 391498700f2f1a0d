import Agent
import Configuration
import Documents
import Glibc
import HTTPService
import HealthChecks
import LoadBalancing
import TemporaryFiles
import TestSupport
import Testing

@testable import Telemetry

@Suite("Orders by hand over the agent's socket") struct OverrideResponderTests {
    private let desk = OverrideDesk(patience: .milliseconds(50))
    private let root = HTTPRequest.Peer(user: 0, process: 9)

    private func responder() -> TelemetryResponder {
        TelemetryResponder(
            StatusBoard(), trafficLimit: 10, bootSeconds: { 0 }, traffic: { nil },
            overrides: OverrideResponder(desk, user: 1000))
    }

    private func post(_ query: [String: String], _ peer: HTTPRequest.Peer?, path: String = "/overrides") -> Int {
        responder().respond(to: HTTPRequest(method: .post, path: path, query: query, peer: peer)).status
    }

    private let drain = ["action": "drain", "realServer": "10.0.0.1"]

    @Test("Nobody but root and the agent's own user changes anything, and nothing is changed elsewhere")
    func rights() {
        for peer in [nil, HTTPRequest.Peer(user: 1001, process: 9), HTTPRequest.Peer(user: .max, process: 0)] {
            #expect(post(drain, peer) == 403)
        }
        #expect(post(drain, root, path: "/status") == 405)
        let without = TelemetryResponder(StatusBoard(), trafficLimit: 10, bootSeconds: { 0 }, traffic: { nil })
        let request = HTTPRequest(method: .post, path: "/overrides", query: drain, peer: root)
        #expect(without.respond(to: request).status == 405)
        #expect(desk.take().isEmpty)
        // Nobody follows it here.
        #expect(post(drain, root) == 503 && post(drain, .init(user: 1000, process: 1)) == 503)
    }

    @Test(
        "What is no order is refused",
        arguments: [
            [:], ["action": "drain"], ["action": "drain", "realServer": "x"],
            ["action": "stop", "realServer": "10.0.0.1"], ["action": "weight", "realServer": "10.0.0.1"],
            ["action": "weight", "realServer": "10.0.0.1", "weight": "2147483648"],
            ["action": "drain", "realServer": "10.0.0.1", "seconds": "0"],
            ["action": "drain", "realServer": "10.0.0.1", "seconds": "99999999"],
            ["action": "drain", "realServer": "10.0.0.1", "virtualServer": ""],
            ["action": "drain", "realServer": "10.0.0.1", "virtualServer": String(repeating: "x", count: 301)],
            ["action": "drain", "realServer": "10.0.0.1", "wat": "1"],
        ])
    func malformed(query: [String: String]) {
        #expect(post(query, root) == 400)
    }

    @Test("An order reads as it was written", arguments: ["web", "tcp [2001:db8::1]:80", "a&b=c d%41+é"])
    func roundTrip(name: String) throws {
        let address = try #require(IPAddress("2001:db8::7"))
        let orders = [
            OverrideOrder(.put(.drain), address: address, port: nil, virtualServer: name, length: .seconds(5)),
            OverrideOrder(.put(.weight(7)), address: address, port: 80, virtualServer: name, isForced: true),
            OverrideOrder(.enable, address: address, port: 80),
        ]
        let folder = try TemporaryFolder()
        let seen = Seen()
        let server = try HTTPServer(.unix(path: folder.path + "/s")) { request in
            seen.note(request)
            return .text("ok")
        }
        for order in orders {
            let target = "/overrides?" + OverrideQuery.text(of: order)
            let answer = try LocalClient.ask(
                socket: folder.path + "/s", target, method: .post, timeout: .seconds(20))
            #expect(answer.status == 200)
            let request = try #require(seen.requests.last)
            #expect(request.method == .post && request.peer?.user == UInt32(geteuid()))
            #expect(request.peer?.process == getpid())
            #expect(try OverrideQuery.order(request.query) == order)
        }
        _ = server
    }

    @Test("An order is answered with what it did")
    func answer() async throws {
        let desk = OverrideDesk()
        let responder = OverrideResponder(desk, user: 0)
        let request = HTTPRequest(method: .post, path: "/overrides", query: drain, peer: root)
        let (queue, answers) = (
            Worker<Int, HTTPResponse>({ _ in responder.respond(to: request) }, done: Seen.box.put), Seen.box
        )
        queue.hand(0)
        var state = AgentState(
            Declaration(
                try Configuration.parse(
                    "virtualServers: [{address: '192.0.2.1:80', realServers: [10.0.0.1, 10.0.0.2]}]", file: "f")),
            node: "n1")
        _ = state.noteHeardAll()
        var tickets: [OverrideTicket] = []
        while tickets.isEmpty { tickets = desk.take() }
        let outcome = try state.follow(tickets[0].order, by: tickets[0].author, now: .now)
        tickets[0].answer(.unkept(outcome, "no space"))
        var responses: [HTTPResponse] = []
        while responses.isEmpty { responses = answers.take() }
        let document = try Document(json: responses[0].body)
        #expect(document["count"]?.count == 1 && document["problem"]?.string == "no space")
        #expect(document["realServers"]?.elements.first?["virtualServer"]?.string == "tcp 192.0.2.1:80")
        #expect(document["overrides"]?.elements.first?["kind"]?.string == "drain")
    }

    @Test("Metrics and the status tell of overrides and of weights")
    func shown() throws {
        var state = AgentState(
            Declaration(
                try Configuration.parse(
                    "virtualServers: [{address: '192.0.2.1:80', realServers: [10.0.0.1, 10.0.0.2]}]", file: "f")),
            node: "n1")
        _ = state.noteHeardAll()
        let order = try OverrideQuery.order(["action": "weight", "weight": "5", "realServer": "10.0.0.1"])
        _ = try state.follow(order, by: Override.Author(user: 3, process: 4), now: .now)
        let board = StatusBoard()
        board.update { $0.checks.verdicts = state.verdicts }
        for (limit, isListed) in [(10, true), (0, false)] {
            let text = TelemetryResponder(board, trafficLimit: limit, bootSeconds: { 0 }, traffic: { nil }).text(
                "/metrics")
            #expect(text.contains("ipvsync_overrides{kind=\"weight\"} 1\n"))
            #expect(text.contains("ipvsync_overrides{kind=\"drain\"} 0\n"))
            let info = "ipvsync_override_info{real_server=\"10.0.0.1\",virtual_server=\"\",override=\"weight 5\"} 1\n"
            #expect(text.contains(info) == isListed)
        }
        let status = board.current.document(bootSeconds: 0)
        #expect(status["overrides"]?.elements.first?["user"]?.count == 3)
        #expect(status["overrides"]?.elements.first?["virtualServers"]?.count == 1)
        let weight = status["weights"]?.elements.first
        #expect(weight?["declared"]?.count == 1 && weight?["effective"]?.count == 5)
        #expect(weight?["reason"]?.string == "weight by hand")
    }
}

private final class Seen: @unchecked Sendable {
    static let box = Inbox<HTTPResponse>()
    private let inbox = Inbox<HTTPRequest>()
    private(set) var all: [HTTPRequest] = []

    func note(_ request: HTTPRequest) { inbox.put(request) }

    var requests: [HTTPRequest] {
        all += inbox.take()
        return all
    }
}
