import Configuration
import KubernetesObjects
import LoadBalancing
import ServiceTranslation
import Testing

@testable import Manifests

@Suite struct ManifestsTests {
    private static let fixtures = "\(#filePath.dropLast("/ManifestsTests.swift".count))/Fixtures"

    private func parse(_ text: String, file: String = "x.yaml") throws -> Manifests {
        try Manifests.parse(Array(text.utf8), file: file)
    }

    /// Each virtual server with its real servers, as text.
    private func table(_ manifests: Manifests, node: String) -> [String] {
        let policy = TranslationPolicy(node: node, in: manifests.objects, addresses: [])
        return ServiceIndex(manifests.objects, translator: ServiceTranslator(policy: policy)).desiredVirtualServers
            .map { server in "\(server.key): " + server.realServers.map(\.endpoint.description).joined(separator: " ") }
    }

    @Test(arguments: [
        ("my-service.yaml", ["tcp 10.96.39.145:80: 10.244.1.7:9376 10.244.2.7:9376"]),
        ("mydb.yaml", ["tcp 10.96.42.38:3306: 192.168.0.5:3306"]),
        // Headless: DNS alone answers with its endpoints.
        ("nginxsvc.yaml", []),
    ])
    func notesMeanWhatTheySay(file: String, expected: [String]) throws {
        let manifests = try Manifests.load(paths: ["\(Self.fixtures)/notes/\(file)"])
        #expect(table(manifests, node: "n1") == expected)
    }

    @Test func aListOfKubectlAndJSONSayTheSame() throws {
        let yaml = try parse(
            """
            apiVersion: v1
            kind: List
            items:
            - {apiVersion: v1, kind: Service, metadata: {name: mydb}, spec: {clusterIP: 10.96.0.2, ports: [{port: 3306}]}}
            - {apiVersion: v1, kind: Endpoints, metadata: {name: mydb},
               subsets: [{addresses: [{ip: 192.168.0.5}], ports: [{port: 3306}]}]}
            - {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}
            """)
        let json = try parse(
            """
            {"items": [
              {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mydb"},
               "spec": {"clusterIP": "10.96.0.2", "ports": [{"port": 3306}]}},
              {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "mydb"},
               "subsets": [{"addresses": [{"ip": "192.168.0.5"}], "ports": [{"port": 3306}]}]},
              {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}], "kind": "List"}
            """)
        #expect(yaml.objects == json.objects)
        #expect(yaml.skipped == ["ConfigMap": 1] && json.skipped == yaml.skipped)
        #expect(table(json, node: "n") == ["tcp 10.96.0.2:3306: 192.168.0.5:3306"])
    }

    /// As kubectl since 1.33: a brace begins JSON, whatever the file's name; what fails as JSON is YAML.
    @Test func whatBeginsWithABraceIsJSONOrElseYAML() throws {
        let (json, flow) = (
            #"{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}"#,
            "{apiVersion: v1, kind: Node, metadata: {name: b}}"
        )
        for file in ["x.yaml", "x.json"] {
            for one in ["\u{FEFF}\n" + json, flow, json.replacing("\"a\"", with: "\"a\",") + " # note"] {
                #expect(try parse(one, file: file).objects.count == 1)
            }
            for two in ["---\n\(flow)\n---\n\(json)\n", "\(json)\n---\n\(flow)", "\(flow)\n---\n\(json)"] {
                #expect(try parse(two, file: file).objects.count == 2)
            }
        }
    }

    /// Who begins with a brace means JSON, and reads what is wrong with it as JSON.
    @Test(arguments: [
        (#"{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}"#, "x.json:1:63"),
        ("{\"apiVersion\": \"v1\", \"kind\": \"Node\", \"metadata\": {\"name\": \"a\"}}\n{\n---\n", "x.json:3:1"),
    ])
    func whatIsNeitherIsWrongJSON(text: String, place: String) throws {
        let error = #expect(throws: ConfigurationErrors.self) { _ = try parse(text, file: "x.json") }
        #expect(error?.description.hasPrefix(place) == true, "\(error!)")
    }

    @Test func errorsNameFileLineAndObject() throws {
        let error = #expect(throws: ConfigurationErrors.self) {
            _ = try parse(
                """
                apiVersion: v1
                kind: Service
                metadata: {name: web, namespace: shop}
                spec:
                  clusterIP: 10.96.0.1
                  ports:
                  - port: 70000
                ---
                apiVersion: v1
                kind: Node
                metadata: {name: a}
                ---
                apiVersion: v1
                kind: Node
                metadata: {name: a}
                """)
        }
        let lines = error?.errors.map(\.description) ?? []
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("x.yaml:7:11: Service shop/web: port: 70000") == true, "\(lines)")
        #expect(lines.last?.hasPrefix("x.yaml:13:1: Node a: it stands here and in x.yaml:9") == true, "\(lines)")
    }

    @Test func whatAnAPIServerListedIsRead() throws {
        let manifests = try Manifests.load(
            paths: ["services.list.json", "endpointslices.list.json", "endpoints.list.json", "node.json"].map {
                "\(Self.fixtures)/\($0)"
            })
        #expect(manifests.skipped.isEmpty && manifests.objects.count == 14)
        // The Service `meshed` belongs to another proxy, the ingress 192.0.2.11 to its load balancer, and what is
        // terminating or on another node waits.
        #expect(
            table(manifests, node: "n0") == [
                "tcp 10.96.0.1:443: ", "tcp 10.96.39.145:80: ", "tcp 10.96.42.38:3306: 192.168.0.5:3306",
                "tcp 10.96.87.66:53: 10.244.1.53:5353", "udp 10.96.87.66:53: 10.244.1.53:5353",
                "sctp 10.96.87.66:2905: 10.244.1.53:2905", "tcp 10.96.234.176:80: 10.244.1.10:8080",
                "tcp 10.96.234.176:443: 10.244.1.10:8443", "tcp 192.0.2.10:80: 10.244.1.10:8080",
                "tcp 192.0.2.10:443: 10.244.1.10:8443", "tcp 203.0.113.7:80: 10.244.1.10:8080",
                "tcp 203.0.113.7:443: 10.244.1.10:8443", "tcp [fd00:10:96::c06e]:80: [fd00:10:244:1::a]:8080",
                "tcp [fd00:10:96::c06e]:443: [fd00:10:244:1::a]:8443",
            ])
        #expect(table(manifests, node: "n1").contains("udp 10.96.87.66:53: 10.244.2.53:5353"))
    }

    @Test func whatKubectlPrintsIsRead() throws {
        let manifests = try Manifests.load(paths: ["\(Self.fixtures)/kubectl-get-all.yaml"])
        #expect(manifests.skipped.isEmpty)
        #expect(table(manifests, node: "n0").contains("tcp 10.96.234.176:80: 10.244.1.11:8080"))
    }
}
