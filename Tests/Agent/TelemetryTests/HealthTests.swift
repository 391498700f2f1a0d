// swift-format-ignore-file: NeverForceUnwrap

import Agent
import HTTPService
import LoadBalancing
import Netlink
import Reconcile
import Testing

@testable import Telemetry

@Suite struct HealthTests {
    private let now = ContinuousClock.now

    /// Of an agent after its first sync.
    private let snapshot: AgentSnapshot

    init() throws {
        var samples = try Samples()
        var snapshot = AgentSnapshot()
        snapshot.record(samples.step())
        self.snapshot = snapshot
    }

    private func failing(_ snapshot: AgentSnapshot) -> AgentSnapshot {
        var snapshot = snapshot
        let error = SyncError.kernel(NetlinkError(.timedOut, operation: "list virtual servers"))
        snapshot.record(
            AgentStep(scope: .changes, result: .failure(error), drift: [], noted: nil))
        return snapshot
    }

    private func states(_ health: Health) -> [String: Health.State] {
        health.checks.reduce(into: [:]) { $0[$1.name] = $1.state == .ok ? nil : $1.state }
    }

    @Test func whatHangsIsTold() {
        var hung = snapshot
        hung.networkBusySince = now
        #expect(states(Health(hung, now: now + .seconds(60))).isEmpty)
        hung.beat = now + .seconds(150)
        #expect(states(Health(hung, now: now + .seconds(150))) == ["network": .degraded])
        (hung.networkBusySince, hung.tableBusySince, hung.beat) = (nil, now, now + .seconds(400))
        let health = Health(hung, now: now + .seconds(400))
        #expect(states(health) == ["loop": .failed] && !health.isLive)
    }

    /// What was done beside IPVS is no sign that the table works again.
    @Test func aStepOfTheNetworkAloneSaysNothingOfTheTable() throws {
        var samples = try Samples()
        var snapshot = failing(snapshot)
        let before = snapshot.lastSuccess
        snapshot.record(
            AgentStep(scope: .changes, result: samples.step().result, drift: [], noted: nil, isOfNetwork: true))
        #expect(snapshot.problem != nil && snapshot.lastSuccess == before)
    }

    @Test func notReadyBeforeTheFirstSync() {
        #expect(!Health(AgentSnapshot()).isReady && Health(AgentSnapshot()).isHealthy)
        #expect(Health(snapshot).isReady && Health(snapshot).state == .ok)
    }

    @Test func aLoopThatHangsIsDead() {
        let health = Health(snapshot, now: now + .seconds(121))
        #expect(!health.isLive && !health.isHealthy && states(health)["loop"] == .failed)
        #expect(Health(snapshot, now: now + .seconds(60)).isLive)
    }

    @Test func aFailureCountsAfterAWhile() {
        var failed = failing(snapshot)
        #expect(Health(failed).isHealthy && states(Health(failed)) == ["sync": .degraded])
        failed.beat = now + .seconds(70)
        let later = Health(failed, now: now + .seconds(70))
        #expect(!later.isHealthy && later.isLive && states(later) == ["sync": .failed])
        #expect(later.checks.first { $0.name == "sync" }?.reason.contains("did not answer in time") == true)
        #expect(!Health(failing(AgentSnapshot())).isHealthy)
    }

    @Test func sourcesFilesAndRemovalsDegrade() {
        var current = snapshot
        current.sources = [SourceStatus(name: "services", isComplete: true, problem: "gone", unreadable: ["a: b"])]
        current.invalidFiles = (1...5).map { "web.yaml:\($0): wrong" }
        let health = Health(current)
        #expect(states(health) == ["sources": .degraded, "files": .degraded] && health.isHealthy)
        #expect(
            health.checks.first { $0.name == "files" }?.reason
                == "web.yaml:1: wrong; web.yaml:2: wrong; web.yaml:3: wrong; and 2 more")
        current.sources[0].isComplete = false
        #expect(!Health(current).isHealthy)
    }

    @Test func healthCheckPortsThatAreNotServedDegrade() {
        let board = StatusBoard()
        var current = snapshot
        current.healthCheckPorts = HealthCheckPorts(served: 3, unserved: ["port 1 of a/b: taken"])
        #expect(states(Health(current)) == ["health_checks": .degraded])
        board.update { $0 = current }
        let metrics = board.responder().text("/metrics")
        #expect(metrics.contains(#"ipvsync_health_check_ports{state="served"} 3"#))
        #expect(metrics.contains(#"ipvsync_health_check_ports{state="unserved"} 1"#))
        #expect(metrics.contains(#"ipvsync_http_ended_total{server="health_checks",reason="displaced"} 0"#))
        #expect(board.responder().text("/status").contains("port 1 of a/b: taken"))
    }

    /// What does not ask the kernel and does not walk everything is answered beside what does.
    @Test func probesAreNotSlow() {
        for path in ["/livez", "/readyz", "/healthz", "/", "/other"] {
            #expect(TelemetryResponder.slowKey(HTTPRequest(path: path)) == nil)
        }
        #expect(
            TelemetryResponder.slowKey(HTTPRequest(path: "/metrics", query: ["a": "b"]))
                == TelemetryResponder.slowKey(HTTPRequest(path: "/metrics")))
        #expect(
            TelemetryResponder.slowKey(HTTPRequest(path: "/status", query: ["after": "1"]))
                != TelemetryResponder.slowKey(HTTPRequest(path: "/status")))
    }

    @Test func answersOnHealthCheckPorts() {
        let board = StatusBoard()
        board.update { $0 = snapshot }
        board.setHealthChecks([
            30_001: HealthCheckCount(namespace: "shop", name: "web", localEndpoints: 2),
            30_002: HealthCheckCount(namespace: "shop", name: "api", localEndpoints: 0),
        ])
        let responder = HealthCheckResponder(board)
        let web = responder.respond(to: HTTPRequest(path: "/healthz", localPort: 30_001))
        #expect(web.status == 200)
        #expect(web.headers.contains { $0.name == "X-Load-Balancing-Endpoint-Weight" && $0.value == "2" })
        let text = String(decoding: web.body, as: UTF8.self).filter { !$0.isWhitespace }
        #expect(
            text
                == #"{"service":{"namespace":"shop","name":"web"},"localEndpoints":2,"serviceProxyHealthy":true}"#)
        #expect(responder.respond(to: HTTPRequest(path: "/", localPort: 30_002)).status == 503)
        #expect(responder.respond(to: HTTPRequest(path: "/", localPort: 30_003)).status == 404)
        board.update { $0 = failing(AgentSnapshot()) }
        #expect(responder.respond(to: HTTPRequest(path: "/", localPort: 30_001)).status == 503)
    }
}
