import DataPath
import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// What a Service needs beside IPVS.
@Suite struct ServiceDataPathTests {
    private static let policy: TranslationPolicy = {
        var policy = TranslationPolicy(nodeName: "n1", nodeAddresses: ["192.0.2.7"].compactMap { IPAddress($0) })
        policy.keep(DataPathSettings())
        return policy
    }()

    private static func cluster(
        _ spec: String = "", endpoints: String = "{addresses: [10.1.0.1], nodeName: n1}", annotations: String = "",
        policy: TranslationPolicy = policy
    ) throws -> Cluster {
        try Cluster(
            """
            {kind: Service, metadata: {name: web, annotations: {\(annotations)}}, spec: {clusterIP: 10.96.0.10,
              ports: [{port: 80, nodePort: 30080}]\(spec)}, status: {loadBalancer: {ingress: [{ip: 203.0.113.1}]}}}
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: web-1, labels: {kubernetes.io/service-name: web}},
              ports: [{port: 80}], endpoints: [\(endpoints)]}
            """, policy: policy)
    }

    private static func elements(_ cluster: Cluster) -> [String] { cluster.index.dataPath.map(text).sorted() }

    private static func text(_ element: DataPathElement) -> String {
        switch element {
        case .address(let address): "address \(address)"
        case .service(let key, let treatment):
            "\(key): \(treatment.masquerade)" + (treatment.isRestricted ? ", restricted" : "")
        case .source(let key, let network): "\(key) from \(network)"
        case .hairpin(let address): "hairpin \(address)"
        case .healthCheckPort(let port): "health \(port)"
        }
    }

    @Test func everyAddressIsBoundAndTreatedAsItsPolicyAsks() throws {
        #expect(
            try Self.elements(Self.cluster(", externalIPs: [198.51.100.1]")) == [
                "address 10.96.0.10", "address 198.51.100.1", "address 203.0.113.1", "hairpin 10.1.0.1",
                "tcp 10.96.0.10:80: outsidePods", "tcp 192.0.2.7:30080: always", "tcp 198.51.100.1:80: always",
                "tcp 203.0.113.1:80: always",
            ])
        #expect(
            try Self.elements(Self.cluster(", externalTrafficPolicy: Local, internalTrafficPolicy: Local")) == [
                "address 10.96.0.10", "address 203.0.113.1", "hairpin 10.1.0.1", "tcp 10.96.0.10:80: outsidePods",
                "tcp 192.0.2.7:30080: node", "tcp 203.0.113.1:80: node",
            ])
    }

    @Test func nothingIsNeededUnlessItIsKeptHere() throws {
        #expect(try Self.cluster(policy: TranslationPolicy(nodeName: "n1")).index.dataPath.isEmpty)
    }

    @Test func aLocalServiceThatFallsBackIsMasqueraded() throws {
        var policy = Self.policy
        policy.localFallsBackToCluster = true
        let cluster = try Self.cluster(
            ", externalTrafficPolicy: Local", endpoints: "{addresses: [10.1.0.2], nodeName: n2}", policy: policy)
        #expect(Self.elements(cluster).contains("tcp 203.0.113.1:80: always"))
    }

    @Test func onlyWhatMayBeHereNeedsAHairpin() throws {
        let cluster = try Self.cluster(
            endpoints: """
                {addresses: [10.1.0.1], nodeName: n1}, {addresses: [10.1.0.2], nodeName: n2}, {addresses: [10.1.0.3]},
                  {addresses: [10.1.0.4], nodeName: n1, conditions: {ready: false}}
                """)
        #expect(Self.elements(cluster).filter { $0.hasPrefix("hairpin") } == ["hairpin 10.1.0.1", "hairpin 10.1.0.3"])
    }

    @Test func directAnswersAreNotMasqueraded() throws {
        // The node port is another port than the endpoint's, which direct routing cannot reach.
        let cluster = try Self.cluster(annotations: "ipvsync.io/forwarding: direct")
        #expect(
            Self.elements(cluster).filter { $0.hasPrefix("tcp") } == [
                "tcp 10.96.0.10:80: never", "tcp 192.0.2.7:30080: always", "tcp 203.0.113.1:80: never",
            ])
    }

    @Test(arguments: [
        ("10.0.0.0/8, 10.1.0.0/16", ["tcp 203.0.113.1:80 from 10.0.0.0/8"]),
        (
            "192.0.2.0/24, \" 10.0.0.0/8 \"",
            [
                "tcp 203.0.113.1:80 from 10.0.0.0/8", "tcp 203.0.113.1:80 from 192.0.2.0/24",
                "tcp 203.0.113.1:80 from 203.0.113.1/32",
            ]
        ), ("10.0.0.0/8, 0.0.0.0/0", nil), ("2001:db8::/32", []), ("nonsense", []),
    ])
    func sourcesAreOfTheLoadBalancerAlone(ranges: String, expected: [String]?) throws {
        let cluster = try Self.cluster(", type: LoadBalancer, loadBalancerSourceRanges: [\(ranges)]")
        let elements = Self.elements(cluster)
        #expect(elements.filter { $0.contains(" from ") } == expected ?? [])
        #expect(elements.contains("tcp 203.0.113.1:80: always\(expected == nil ? "" : ", restricted")"))
        #expect(elements.contains("tcp 10.96.0.10:80: outsidePods"))
        #expect(cluster.service("web").warnings.isEmpty == !ranges.contains("nonsense"))
    }

    @Test func aHealthCheckPortIsOneOfThem() throws {
        let cluster = try Self.cluster(", type: LoadBalancer, externalTrafficPolicy: Local, healthCheckNodePort: 30999")
        #expect(Self.elements(cluster).contains("health 30999"))
    }

    @Test func changesAreThoseOfWhatHasChanged() throws {
        var index = try Self.cluster().index
        _ = index.takeDataPathChange()
        index.update {
            $0.remove(ObjectIdentity(kind: "EndpointSlice", name: ObjectName(namespace: "default", name: "web-1")))
        }
        _ = index.refresh()
        #expect(index.takeDataPathChange() == DataPathChange(removed: [.hairpin(IPAddress(v4: 0x0A01_0001))]))
        #expect(index.takeDataPathChange().isEmpty)
    }
}
