// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import Documents
import KubernetesObjects
import LoadBalancing
import ServiceTranslation
import Testing

@testable import Presentation

@Suite struct ExplanationViewTests {
    private func view(
        _ service: String, explaining name: String = "web", nodeName: String = "zone: z1",
        declared: [VirtualServerKey: String] = [:]
    ) throws -> ExplanationView {
        let text = """
            \(service)
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: web-1, labels: {kubernetes.io/service-name: web}},
              ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.1], \(nodeName)},
              {addresses: [10.1.0.2], conditions: {ready: false}}]}
            """
        let objects = try YAMLNode.documents(in: text).map { try KubernetesObject($0) }
        let policy = TranslationPolicy(node: "n1", in: objects, addresses: [])
        let index = ServiceIndex(objects, translator: ServiceTranslator(policy: policy, explains: true))
        return ExplanationView(
            index[ObjectName(namespace: "default", name: name)]!, conflicts: index.conflicts, declared: declared,
            node: "n1")
    }

    private func text(_ view: ExplanationView) -> [String] { view.lines(for: Terminal(showsColours: false)) }

    @Test func everyEndpointHasItsRule() throws {
        let view = try view("{kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}")
        #expect(
            text(view) == [
                "Service default/web on node n1",
                "  tcp 10.96.0.1:80  cluster IP, scheduler rr, persistence -, traffic policy Cluster",
                "    + 10.1.0.1:8080  ready  (EndpointSlice default/web-1)",
                "    - 10.1.0.2:8080  not ready  (EndpointSlice default/web-1)",
            ])
        let endpoints = view.document["virtualServers"].flatMap { list -> [Document]? in
            guard case .sequence(let servers) = list, case .sequence(let found)? = servers.first?["endpoints"] else {
                return nil
            }
            return found
        }
        #expect(endpoints?.map { $0["chosen"] } == [true, false])
    }

    /// By family: a range of length 0 opens its own, and a family without a range is shut.
    @Test func whoMayUseALoadBalancerIsTold() throws {
        func lines(_ ranges: String, enforced: Bool = true) throws -> [String] {
            let objects = try YAMLNode.documents(
                in: """
                    {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIPs: [10.96.0.1, "fd00::1"],
                      loadBalancerSourceRanges: [\(ranges)], ports: [{port: 80}]},
                      status: {loadBalancer: {ingress: [{ip: 203.0.113.1}, {ip: "2001:db8::1"}]}}}
                    """
            ).map { try KubernetesObject($0) }
            var policy = TranslationPolicy(node: "n1", in: objects, addresses: [])
            policy.keep(enforced ? DataPathSettings() : nil)
            let index = ServiceIndex(objects, translator: ServiceTranslator(policy: policy, explains: true))
            let view = ExplanationView(
                index[ObjectName(namespace: "default", name: "web")]!, conflicts: [], declared: [:], node: "n1")
            return text(view).filter { $0.contains("open to") }
        }
        let all = "    open to everybody"
        #expect(try lines("") == [all, all])
        #expect(
            try lines("198.51.100.0/24, 192.0.2.1/32, \"::/0\"") == [
                "    open to 192.0.2.1, 198.51.100.0-198.51.100.255", all,
            ])
        #expect(try lines("0.0.0.0/0") == [all, "    open to nobody"])
        #expect(try lines("198.51.100.0/24", enforced: false) == [all, all])
    }

    @Test func whatIsLeftOutIsTold() throws {
        let objects = try YAMLNode.documents(
            in: """
                {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 10.96.0.1, ports: [{port: 80}]},
                  status: {loadBalancer: {ingress: [{hostname: lb.example}, {ip: 203.0.113.1, ipMode: Proxy}]}}}
                ---
                {kind: Node, metadata: {name: n1}, status: {addresses: [{type: InternalIP, address: n1.example}]}}
                """
        ).map { try KubernetesObject($0) }
        let policy = TranslationPolicy(node: "n1", in: objects, addresses: [])
        let index = ServiceIndex(objects, translator: ServiceTranslator(policy: policy, explains: true))
        let view = ExplanationView(
            index[ObjectName(namespace: "default", name: "web")]!, conflicts: [],
            nodeWarnings: index.warnings(ofNode: "n1"), node: "n1")
        #expect(
            text(view).suffix(3) == [
                "  left to its load balancer: ingress lb.example, a name",
                "  left to its load balancer: ingress 203.0.113.1, with ipMode Proxy",
                "  warning: Node n1: \"n1.example\" is no address and is left out",
            ])
        #expect(
            view.document["othersIngresses"]
                == .sequence([.string("lb.example, a name"), .string("203.0.113.1, with ipMode Proxy")]))
    }

    @Test func whatAFileDeclaresIsNotTheServices() throws {
        let keys = ["tcp 10.96.0.1:80", "tcp 10.96.0.9:80"].compactMap { VirtualServerKey($0) }
        let view = try view(
            "{kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}",
            declared: Dictionary(uniqueKeysWithValues: keys.map { ($0, "a.yaml:3") }))
        let warning = "tcp 10.96.0.1:80 is not the Service's here: a.yaml:3 declares it"
        #expect(text(view).last == "  warning: \(warning)")
        #expect(view.document["warnings"] == .sequence([.string(warning)]))
    }

    @Test func theHealthCheckIsTold() throws {
        let service = """
            {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 10.96.0.1,
              externalTrafficPolicy: Local, healthCheckNodePort: 30100, ports: [{port: 80}]}}
            """
        let view = try view(service)
        #expect(
            text(view).last
                == "  health check node port 30100: no ready endpoint on this node, so load balancers send nothing here"
        )
        #expect(view.document["healthCheck"] == ["nodePort": .integer(30_100), "localEndpoints": .integer(0)])
        let here = try self.view(service, nodeName: "nodeName: n1")
        #expect(text(here).last == "  health check node port 30100: 1 ready endpoint on this node")
        #expect(here.document["healthCheck"]?["localEndpoints"] == .integer(1))
    }

    @Test func conflictsAndRefusedAnnotationsAreTold() throws {
        let services = """
            {kind: Service, metadata: {name: web, creationTimestamp: "2026-02-01T00:00:00Z", annotations:
              {ipvsync.io/scheduler: "not a scheduler"}}, spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}
            ---
            {kind: Service, metadata: {name: old, creationTimestamp: "2026-01-01T00:00:00Z"},
              spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}}
            """
        let lines = text(try view(services))
        #expect(lines.contains { $0.hasPrefix("  conflict: tcp 10.96.0.1:80 belongs to Service default/old") })
        #expect(lines.contains { $0.hasPrefix("  warning: ") && $0.contains("ipvsync.io/scheduler") })
        #expect(
            text(try view(services, explaining: "old")).contains("    no endpoint is known: connections are refused"))
    }

    @Test(arguments: [
        ("clusterIP: None", "it is headless"), ("clusterIP: ''", "it has no cluster IP yet"),
        ("type: ExternalName, externalName: x.example", "it is an ExternalName Service"),
    ])
    func whatIsLeftOutSaysWhy(_ spec: String, _ reason: String) throws {
        let lines = text(try view("{kind: Service, metadata: {name: web}, spec: {\(spec), ports: [{port: 80}]}}"))
        #expect(lines.count == 2 && lines[1].hasPrefix("  nothing is programmed: \(reason)"))
    }
}
