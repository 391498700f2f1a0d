import Configuration
import HealthChecks
import KubernetesAPI
import KubernetesObjects
import LoadBalancing
import NodeNetwork
import ServiceTranslation
import Testing

@testable import Agent

@Suite("Checks that Services ask for")
struct ServiceChecksTests {
    private let now = ContinuousClock.now

    private func state(_ services: String = "{}") throws -> AgentState {
        let text = "services: \(services)\nvirtualServers: []"
        return AgentState(
            Declaration(try Configuration.parse(text, file: "f"), stations: NodeStations()), node: "n1")
    }

    private func service(_ name: String, _ number: Int, _ annotations: [String: String]) -> KubernetesObject {
        .service(
            Service(
                ObjectMetadata(name: name, namespace: "shop", annotations: annotations),
                clusterIPs: ["10.96.0.\(number)"], ports: [ServicePort(name: "", port: 80)]))
    }

    private func slice(_ service: String, _ number: Int, count: Int) -> KubernetesObject {
        .endpointSlice(
            EndpointSlice(
                ObjectMetadata(
                    name: "\(service)-a", namespace: "shop", labels: ["kubernetes.io/service-name": service]),
                family: .ipv4, ports: [EndpointPort(name: "", port: 8080)],
                endpoints: (1...count).map { SliceEndpoint(address: "10.1.\(number).\($0)") }))
    }

    @Test("Ready endpoints are checked, and one that is down goes")
    func annotation() throws {
        var state = try state()
        _ = state.apply([
            .changed(service("web", 1, ["ipvsync.io/check": "http:/healthz"])), .changed(slice("web", 1, count: 3)),
        ])
        let taken = state.takeSubjects()
        let subjects = try #require(taken)
        #expect(subjects.map(\.description).sorted().first == "http 10.1.1.1:8080")
        #expect(subjects.count == 3 && subjects.allSatisfy { $0.check.interval == .seconds(5) })
        let key = try #require(VirtualServerKey("tcp 10.96.0.1:80"))
        let down = CheckResult(.down, reason: "", duration: .zero)
        let order = subjects.sorted { $0.realServer < $1.realServer }
        for _ in 0..<3 { _ = state.apply([(order[0], down)], now: now) }
        #expect(state.desired(key)?.realServers.count == 2)
        // While none is up, all count as up.
        for _ in 0..<3 { _ = state.apply(order.map { ($0, down) }, now: now) }
        #expect(state.desired(key)?.realServers.count == 3)
        // Without the annotation nothing is checked.
        let keys = state.apply([.changed(service("web", 1, [:]))])
        #expect(keys == [key])
        let rest = state.takeSubjects()
        #expect(rest == [])
    }

    @Test("What makes no sense, and what is not heeded, is told", arguments: ["smtp", "ftp", "http:/a b", "tcp:80"])
    func refused(value: String) throws {
        var state = try state()
        _ = state.apply([.changed(service("web", 1, ["ipvsync.io/check": value])), .changed(slice("web", 1, count: 1))])
        #expect(state.warnings.map(\.reason) == [.annotation])
        let subjects = state.takeSubjects()
        #expect(subjects == [])
    }

    @Test("The operator bounds what a namespace has checked")
    func bound() throws {
        var state = try state("{checksPerNamespace: 4, checkInterval: 30s}")
        let annotations = ["ipvsync.io/check": "tcp"]
        _ = state.apply([
            .changed(service("a", 1, annotations)), .changed(slice("a", 1, count: 3)),
            .changed(service("b", 2, annotations)), .changed(slice("b", 2, count: 3)),
        ])
        let taken = state.takeSubjects()
        let subjects = try #require(taken)
        #expect(subjects.count == 3 && subjects.allSatisfy { $0.check.interval == .seconds(30) })
        #expect(state.warnings.map(\.reason) == [.bound])
    }
}
