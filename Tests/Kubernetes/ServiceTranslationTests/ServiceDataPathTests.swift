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
        case .service(let key, let treatment): "\(key): \(treatment.masquerade)"
        case .guarded(let key, let list):
            "\(key) from \(list.isEmpty ? "nobody" : text(list))"
        case .sources(let list): "list \(text(list))"
        case .hairpin(let address): "hairpin \(address)"
        case .healthCheckPort(let port): "health \(port)"
        case .unseenConnections: "unseen connections"
        }
    }

    private static func text(_ list: SourceList) -> String {
        list.ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: " ")
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
        ("10.0.0.0/8, 10.1.0.0/16", "10.0.0.0-10.255.255.255"),
        // The node may connect, and comes from the address that it connects to.
        (
            "192.0.2.0/24, \" 10.0.0.0/8 \"",
            "10.0.0.0-10.255.255.255 192.0.2.0-192.0.2.255 203.0.113.1-203.0.113.1"
        ),
        ("10.0.0.0/9, 10.128.0.0/9", "10.0.0.0-10.255.255.255"), ("10.0.0.0/8, 0.0.0.0/0", nil),
        ("2001:db8::/32", "nobody"), ("nonsense", "nobody"), ("\"\"", "nobody"),
        // As Kubernetes reads them.
        ("010.00.0.000/8", "10.0.0.0-10.255.255.255"), ("\"::ffff:10.0.0.0/104\"", "10.0.0.0-10.255.255.255"),
        ("10.0.0.7/08", "10.0.0.0-10.255.255.255"), ("10.0.0.0/33, 10.0.0/8, 10.0.0.1.0/8, 0x0a000000/8", "nobody"),
        ("\"::/0\"", "nobody"), ("0.0.0.0/1, 128.0.0.0/1", "0.0.0.0-255.255.255.255"),
    ])
    func sourcesAreOfTheLoadBalancerAlone(ranges: String, expected: String?) throws {
        let cluster = try Self.cluster(", type: LoadBalancer, loadBalancerSourceRanges: [\(ranges)]")
        let elements = Self.elements(cluster)
        #expect(
            elements.filter { $0.contains(" from ") } == (expected.map { ["tcp 203.0.113.1:80 from \($0)"] } ?? []))
        #expect(
            elements.filter { $0.hasPrefix("list ") }
                == (expected.flatMap { $0 == "nobody" ? nil : ["list \($0)"] } ?? []))
        #expect(elements.contains("tcp 10.96.0.10:80: outsidePods"))
        #expect(cluster.service("web").warnings.isEmpty == (expected != "nobody"))
    }

    /// A list costs once, whatever the number of ports and addresses.
    @Test func portsShareTheirList() throws {
        let ports = (1...100).map { "{name: p\($0), port: \($0)}" }.joined(separator: ", ")
        let ranges = (0..<1_000).map { "10.\($0 / 250).\($0 % 250).0/25" }.joined(separator: ", ")
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 10.96.0.10, ports: [\(ports)],
              loadBalancerSourceRanges: [\(ranges)]},
              status: {loadBalancer: {ingress: [{ip: 203.0.113.1}, {ip: 203.0.113.2}]}}}
            """, policy: Self.policy)
        let lists = cluster.index.dataPath.compactMap { element in
            if case .sources(let list) = element { list } else { nil }
        }
        #expect(lists.map(\.ranges.count) == [1_000])
        #expect(cluster.index.dataPath.count { if case .guarded = $0 { true } else { false } } == 200)
        #expect(cluster.service("web").warnings.isEmpty)
    }

    /// Sorted by family first; a family without a range is shut, which is told.
    @Test(
        arguments: [
            ("0.0.0.0/0, \"fd00:aa::/32\"", nil, "fd00:aa::-fd00:aa:ffff:ffff:ffff:ffff:ffff:ffff", 0),
            ("198.51.100.0/24, \"::/0\"", "198.51.100.0-198.51.100.255", nil, 0),
            ("198.51.100.0/24", "198.51.100.0-198.51.100.255", "nobody", 1),
            ("0.0.0.0/0", nil, "nobody", 1), ("\"::/0\"", "nobody", nil, 1), ("\"::/0\", 0.0.0.0/0", nil, nil, 0),
            ("nonsense", "nobody", "nobody", 1),
        ] as [(String, String?, String?, Int)])
    func eachFamilyHasItsRanges(ranges: String, ipv4: String?, ipv6: String?, warnings: Int) throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIPs: [10.96.0.10, "fd00:96::a"],
              ports: [{port: 80}], loadBalancerSourceRanges: [\(ranges)]},
              status: {loadBalancer: {ingress: [{ip: 203.0.113.1}, {ip: "2001:db8::1"}]}}}
            """, policy: Self.policy)
        let found = Self.elements(cluster).filter { $0.contains(" from ") }
        let expected = [
            ipv4.map { "tcp 203.0.113.1:80 from \($0)" }, ipv6.map { "tcp [2001:db8::1]:80 from \($0)" },
        ].compactMap(\.self)
        #expect(found == expected)
        #expect(cluster.service("web").warnings.count == warnings)
    }

    @Test func moreRangesThanAServiceMayHaveShutIt() throws {
        for (count, isShut) in [(1_000, false), (1_001, true)] {
            let ranges = ["0.0.0.0/0", "\"::/0\""] + Array(repeating: "10.0.0.0/8", count: count - 2)
            let cluster = try Self.cluster(
                ", type: LoadBalancer, loadBalancerSourceRanges: [\(ranges.joined(separator: ", "))]")
            let found = Self.elements(cluster).filter { $0.contains(" from ") }
            #expect(found == (isShut ? ["tcp 203.0.113.1:80 from nobody"] : []))
            let told = cluster.service("web").warnings.map(\.message)
            #expect(told.contains { $0.contains("nobody may use its load balancer addresses") } == isShut)
        }
    }

    /// Each different list is a set of the kernel's: those of one namespace are bounded, whoever comes late is shut, and
    /// let in as soon as there is room.
    @Test func aNamespaceHasNoMoreListsThanItMay() throws {
        func service(_ number: Int, ranges: [String]) -> Service {
            var service = Service(
                ObjectMetadata(
                    name: "web\(number)", namespace: "evil", creationTimestamp: "2026-01-01T00:00:00Z"),
                kind: .loadBalancer, clusterIPs: ["10.97.\(number / 250).\(number % 250)"],
                ports: [ServicePort(port: 80)])
            service.loadBalancerIngress = [LoadBalancerIngress(ip: "198.18.\(number / 250).\(number % 250)")]
            service.loadBalancerSourceRanges = ranges
            return service
        }
        let limit = SourceBudget.limit
        var services = (0..<(limit + 3)).map { service(100 + $0, ranges: ["10.0.\($0).0/24"]) }
        // One that shares its list costs none, and another namespace has its own.
        services.append(service(600, ranges: ["10.0.0.0/25", "10.0.0.128/25"]))
        var other = service(700, ranges: ["192.0.2.0/24"])
        other.metadata.namespace = "good"
        services.append(other)
        var index = ServiceIndex(
            services.map(KubernetesObject.service), translator: ServiceTranslator(policy: Self.policy))
        func shut() -> Set<String> {
            Set(
                index.services.filter { service in
                    service.virtualServers.contains { server in
                        server.dataPath.contains { if case .guarded(_, let list) = $0 { list.isEmpty } else { false } }
                    }
                }.map(\.name.name))
        }
        #expect(shut() == Set((limit..<(limit + 3)).map { "web\(100 + $0)" }))
        #expect(index.warnings.map(\.reason) == [.bound, .bound, .bound])
        for number in [100, 101, 102, 110] {
            let name = ObjectName(namespace: "evil", name: "web\(number)")
            index.update { $0.set(Service?.none, named: name) }
            _ = index.refresh()
        }
        // The first list stays in use, by the one that shares it.
        #expect(shut().count <= 1)
        for number in [111, 112] {
            let name = ObjectName(namespace: "evil", name: "web\(number)")
            index.update { $0.set(Service?.none, named: name) }
            _ = index.refresh()
        }
        #expect(shut().isEmpty && index.warnings.isEmpty)
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
