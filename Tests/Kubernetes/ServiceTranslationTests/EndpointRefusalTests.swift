import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// Endpoints that no traffic may reach (CVE-2020-8558, CVE-2021-25737).
@Suite struct EndpointRefusalTests {
    private static let service = """
        {kind: Service, metadata: {name: web}, spec: {clusterIPs: [10.96.0.10, "fd00::10"], selector: {app: web},
          ports: [{name: a, port: 80}, {name: b, port: 81}]}}
        """

    private static let policy: TranslationPolicy = {
        var policy = TranslationPolicy(nodeName: "n1")
        policy.addresses.broadcasts = [.of("10.244.1.255")]
        return policy
    }()

    private static func slice(_ addresses: [String], ports: String = "{name: a, port: 8080}") -> String {
        let isIPv6 = addresses.contains { $0.contains(":") }
        let endpoints = addresses.map { "{addresses: [\"\($0)\"], nodeName: n1}" }.joined(separator: ", ")
        return """
            {kind: EndpointSlice, addressType: \(isIPv6 ? "IPv6" : "IPv4"), metadata: {name: web-1,
              labels: {kubernetes.io/service-name: web}}, ports: [\(ports)], endpoints: [\(endpoints)]}
            """
    }

    private static func endpoints(_ address: String) -> String {
        """
        {kind: Endpoints, metadata: {name: web}, subsets: [{addresses: [{ip: "\(address)"}],
          notReadyAddresses: [{ip: "\(address)"}], ports: [{name: a, port: 8080}]}]}
        """
    }

    private static func pod(_ address: String) -> String {
        """
        {kind: Pod, metadata: {name: web-1, labels: {app: web}}, spec: {nodeName: n1}, status: {podIP: "\(address)",
          conditions: [{type: Ready, status: "True"}]}}
        """
    }

    private static func cluster(_ source: String) throws -> Cluster {
        try Cluster("\(service)\n---\n\(source)", policy: policy)
    }

    private static func realServers(_ cluster: Cluster) -> [RealServer] {
        cluster.index.desiredVirtualServers.flatMap(\.realServers)
    }

    @Test(arguments: AddressPolicyTests.special + ["10.244.1.255"]) func noSourceBringsASpecialEndpoint(
        _ address: String
    ) throws {
        for source in [Self.slice([address]), Self.endpoints(address), Self.pod(address)] {
            let cluster = try Self.cluster(source)
            #expect(Self.realServers(cluster) == [], "\(source)")
            let warnings = cluster.service("web").warnings
            #expect(warnings.map(\.reason) == [.endpoint], "\(warnings)")
            #expect(warnings.first?.message.contains(address) == true, "\(warnings)")
        }
    }

    @Test func othersOfTheSameSliceServe() throws {
        let cluster = try Self.cluster(
            Self.slice([
                "127.0.0.1", "10.244.1.10", "169.254.169.254", "127.0.0.2", "127.0.0.3", "127.0.0.4", "web.example",
            ]))
        #expect(cluster.table.first == "tcp 10.96.0.10:80: 10.244.1.10:8080")
        #expect(
            cluster.service("web").warnings.map(\.message) == [
                "endpoint 169.254.169.254 is refused: it is a link-local address",
                "endpoint 127.0.0.1, 127.0.0.2, 127.0.0.3 and 1 more is refused: it is a loopback address",
                "endpoint \"web.example\" is no address and is left out",
            ])
    }

    @Test func aRefusedEndpointIsNoneForHealthChecks() throws {
        let text = Self.service.replacing(
            "spec: {", with: "spec: {type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 30999, ")
        let cluster = try Cluster("\(text)\n---\n\(Self.slice(["127.0.0.1"]))", policy: Self.policy)
        #expect(cluster.index.healthChecks[30_999]?.localEndpoints == 0)
    }

    /// As kube-proxy: a port without a number is none to send to.
    @Test func portsWithoutANumberAreIgnored() throws {
        let cluster = try Self.cluster(
            Self.slice(["10.244.1.10"], ports: "{name: a, port: 0}, {name: b, port: null}"))
        #expect(Self.realServers(cluster) == [])
        #expect(cluster.service("web").warnings.map(\.reason) == [.endpoint])
        #expect(cluster.service("web").warnings.first?.message.hasPrefix("port a, b of its endpoints") == true)
        let endpoints = Self.endpoints("10.244.1.10").replacing("port: 8080", with: "port: 0")
        #expect(try Self.realServers(Self.cluster(endpoints)) == [])
    }
}
