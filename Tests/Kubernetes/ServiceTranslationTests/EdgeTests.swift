import DataPath
import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// Services at an edge: stateless, and alike on every node.
@Suite struct EdgeTests {
    private static func policy(_ node: String = "n1", isEdge: Bool = false, sysctls: Bool = true) -> TranslationPolicy {
        var policy = TranslationPolicy(
            nodeName: node, zone: "z-\(node)", nodeAddresses: [.of("192.0.2.7")])
        policy.isEdge = isEdge
        policy.keep(DataPathSettings(setsSysctls: sysctls))
        return policy
    }

    private static func cluster(
        _ annotations: String = "ipvsync.io/edge: 'true'", spec: String = "", slice: String = "",
        ports: String = "{port: 80}",
        endpoints: String = "{addresses: [10.1.0.2], nodeName: n2}, {addresses: [10.1.0.1], nodeName: n1}",
        policy: TranslationPolicy = policy()
    ) throws -> Cluster {
        try Cluster(
            """
            {kind: Service, metadata: {name: web, annotations: {\(annotations)}}, spec: {clusterIP: 10.96.0.10,
              externalIPs: [198.51.100.1], ports: [{port: 80, nodePort: 30080}]\(spec)},
              status: {loadBalancer: {ingress: [{ip: 203.0.113.1}]}}}
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: web-1, labels: {kubernetes.io/service-name: web},
              annotations: {\(slice)}}, ports: [\(ports)], endpoints: [\(endpoints)]}
            """, policy: policy)
    }

    private static func text(_ server: TranslatedVirtualServer) -> String {
        let desired = server.desired
        let flags = desired.virtualServer.scheduler.flags.names(for: desired.virtualServer.scheduler.name)
        let servers = desired.realServers.map { "\($0.endpoint) \($0.forwarding) \($0.weight)" }
        let heading = [desired.virtualServer.scheduler.name] + flags + (desired.isOrdered ? ["ordered"] : [])
        return "\(server.key) " + heading.joined(separator: ",") + ": " + servers.joined(separator: "; ")
    }

    private static func table(_ cluster: Cluster) -> [String] { cluster.service("web").virtualServers.map(text) }

    private static let clusterLines = [
        "tcp 10.96.0.10:80 rr: 10.1.0.1:80 masquerade 1; 10.1.0.2:80 masquerade 1",
        "tcp 192.0.2.7:30080 rr: 10.1.0.1:80 masquerade 1; 10.1.0.2:80 masquerade 1",
    ]

    private static func lines(_ settings: String, _ servers: String) -> [String] {
        clusterLines + ["198.51.100.1", "203.0.113.1"].map { "tcp \($0):80 \(settings),ordered: \(servers)" }
    }

    @Test func externalAddressesAreAnEdgeAndAllOthersAreAsEver() throws {
        let direct = Self.lines("mh,mh-fallback,mh-port", "10.1.0.1:80 direct 1; 10.1.0.2:80 direct 1")
        let cluster = try Self.cluster()
        #expect(Self.table(cluster) == direct && cluster.service("web").warnings.isEmpty)
        #expect(Self.table(try Self.cluster("", policy: Self.policy(isEdge: true))) == direct)
        // The annotation goes before the configuration.
        let none = try Self.cluster("ipvsync.io/edge: 'false'", policy: Self.policy(isEdge: true))
        #expect(!none.service("web").virtualServers.contains { $0.desired.isOrdered })
        #expect(
            Self.table(try Self.cluster("ipvsync.io/edge: 'true', ipvsync.io/forwarding: tunnel"))
                == Self.lines("mh,mh-fallback,mh-port", "10.1.0.1:80 tunnel 1; 10.1.0.2:80 tunnel 1"))
        #expect(
            Self.table(try Self.cluster("ipvsync.io/edge: 'true', ipvsync.io/scheduler-flags: mh-port"))
                == Self.lines("mh,mh-port", "10.1.0.1:80 direct 1; 10.1.0.2:80 direct 1"))
    }

    /// Persistence is known to one node alone: the client's address alone chooses instead.
    @Test func affinityIsByTheClientsAddressWithoutState() throws {
        let cluster = try Self.cluster(spec: ", sessionAffinity: ClientIP")
        let servers = cluster.service("web").virtualServers
        let edges = servers.filter(\.desired.isOrdered)
        #expect(edges.count == 2 && edges.allSatisfy { $0.desired.virtualServer.scheduler.flags == [.flag1] })
        #expect(edges.allSatisfy { $0.desired.virtualServer.persistence == nil })
        #expect(servers.contains { $0.role == .clusterIP && $0.desired.virtualServer.persistence != nil })
    }

    /// Neither the zone nor the node nor the order in which objects come makes a difference.
    @Test func everyNodeHasTheSame() throws {
        let endpoints = (1...9).map { number in
            "{addresses: [10.1.0.\(number)], nodeName: n\(number), hints: {forZones: [{name: z-n\(number)}], "
                + "forNodes: [{name: n\(number)}]}}"
        }
        func edge(_ node: String, _ endpoints: [String]) throws -> [String] {
            Self.table(
                try Self.cluster(endpoints: endpoints.joined(separator: ", "), policy: Self.policy(node))
            )
            .filter { $0.contains("ordered") }
        }
        let first = try edge("n1", endpoints)
        #expect(first.allSatisfy { $0.contains("10.1.0.1:80 direct 1; 10.1.0.2:80") && $0.contains("10.1.0.9:80") })
        #expect(try edge("n5", endpoints.reversed()) == first)
        #expect(try edge("n9", endpoints.shuffled()) == first)
    }

    /// The table of the kernel remembers a former weight of one with 0.
    @Test func noRealServerHasWeight0() throws {
        let cluster = try Self.cluster(slice: "ipvsync.io/weight: '0'")
        let servers = cluster.service("web").virtualServers
        #expect(servers.filter(\.desired.isOrdered).allSatisfy { $0.desired.realServers.isEmpty })
        #expect(servers.first?.desired.realServers.map(\.weight) == [0, 0])
    }

    @Test(
        arguments: [
            (
                "", ", externalTrafficPolicy: Local", "{port: 80}",
                [
                    "external IP 198.51.100.1 is refused: externalTrafficPolicy Local gives every node other endpoints",
                    "load balancer ingress 203.0.113.1 is refused: externalTrafficPolicy Local gives every node other",
                ]
            ),
            (
                "", "", "{port: 8080}",
                [
                    "tcp 198.51.100.1:80: refused: an edge keeps the port of a packet, but endpoint 10.1.0.1:8080",
                    "tcp 203.0.113.1:80: refused: an edge keeps the port",
                ]
            ),
        ])
    func whatCannotBeIsRefused(annotations: String, spec: String, ports: String, expected: [String]) throws {
        let service = try Self.cluster(spec: spec, ports: ports).service("web")
        #expect(service.virtualServers.map(\.role).sorted { $0.rawValue < $1.rawValue } == [.clusterIP, .nodePort])
        #expect(service.warnings.count == expected.count)
        for (warning, text) in zip(service.warnings, expected) {
            // The reason of which owners hear in Events.
            #expect(warning.message.hasPrefix(text) && warning.reason == .address)
        }
    }

    @Test(
        arguments: [
            ("ipvsync.io/forwarding: masquerade", "is not possible at an edge (direct or tunnel)"),
            ("ipvsync.io/scheduler: wlc", "is not the scheduler of an edge, mh"),
            ("ipvsync.io/scheduler-flags: sh-port", "is not a list of mh-fallback, mh-port"),
            ("ipvsync.io/upper-threshold: '9'", "is not possible at an edge"),
        ])
    func whatOneNodeAloneKnowsDecidesNothing(annotation: String, message: String) throws {
        let cluster = try Self.cluster("ipvsync.io/edge: 'true', \(annotation)")
        #expect(
            Self.table(cluster)
                == Self.lines("mh,mh-fallback,mh-port", "10.1.0.1:80 direct 1; 10.1.0.2:80 direct 1"))
        #expect(cluster.service("web").warnings.count == 1)
        #expect(cluster.service("web").warnings.first?.message.contains(message) == true)
    }

    @Test func endpointsOnOtherPortsGetNoTraffic() throws {
        let cluster = try Cluster(
            Cluster.objects(
                """
                {kind: Service, metadata: {name: web, annotations: {ipvsync.io/edge: 'true'}}, spec: {
                  clusterIP: 10.96.0.10, externalIPs: [198.51.100.1], ports: [{port: 80}]}}
                ---
                {kind: EndpointSlice, addressType: IPv4, metadata: {name: web-1, labels: {kubernetes.io/service-name: web}},
                  ports: [{port: 80}], endpoints: [{addresses: [10.1.0.1]}]}
                ---
                {kind: EndpointSlice, addressType: IPv4, metadata: {name: web-2, labels: {kubernetes.io/service-name: web}},
                  ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.2]}]}
                """), policy: Self.policy())
        let edge = cluster.service("web").virtualServers.first(where: \.desired.isOrdered)
        #expect(edge?.desired.realServers.map(\.endpoint.description) == ["10.1.0.1:80"])
        #expect(
            cluster.service("web").warnings.first?.message.hasPrefix(
                "tcp 198.51.100.1:80: endpoints on other ports get no traffic") == true)
    }

    /// No connection is masqueraded, and those that began on another node are served.
    @Test func theNodeServesConnectionsThatBeganElsewhere() throws {
        let elements = try Self.cluster().index.dataPath
        #expect(elements.contains(.unseenConnections))
        for address in ["198.51.100.1", "203.0.113.1"] {
            let key = VirtualServerKey.endpoint(.tcp, Endpoint(.of(address), port: 80))
            #expect(elements.contains(.service(key, ServiceTreatment(.never))))
            #expect(elements.contains(.address(.of(address))))
        }
        #expect(try !Self.cluster("").index.dataPath.contains(.unseenConnections))
        let warnings = try Self.cluster(policy: Self.policy(sysctls: false)).service("web").warnings
        #expect(warnings.map(\.message).contains { $0.hasPrefix("an edge needs net.ipv4.vs.sloppy_tcp=1") })
    }

    @Test func aTenantIsNotHeededUnlessTheNodeAllowsIt() throws {
        var policy = Self.policy()
        policy.annotations = .named(["weight"])
        let service = try Self.cluster(policy: policy).service("web")
        #expect(!service.virtualServers.contains(where: \.desired.isOrdered) && service.warnings.count == 1)
    }

    @Test func noMoreEndpointsThanTheTableHolds() throws {
        let endpoints = (0..<4_100).map { "{addresses: [10.2.\($0 / 250).\($0 % 250 + 1)]}" }.shuffled()
        let service = try Self.cluster(endpoints: endpoints.joined(separator: ", ")).service("web")
        let edge = service.virtualServers.filter(\.desired.isOrdered)
        #expect(
            edge.allSatisfy {
                $0.desired.realServers.count == 2_046
                    && $0.desired.realServers.first?.endpoint.description == "10.2.0.1:80"
            })
        #expect(service.warnings.first?.message.contains("an edge has at most 2046 endpoints") == true)
    }
}
