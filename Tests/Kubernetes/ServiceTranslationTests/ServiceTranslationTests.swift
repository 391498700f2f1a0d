import DataPath
import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

@Suite struct ServiceTranslationTests {
    @Test func aSelectorFindsItsPods() throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.10, selector: {app: web},
              ports: [{port: 80, targetPort: 9376}, {name: m, port: 81, targetPort: metrics}]}}
            ---
            {kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {containers: [{ports: [{name: metrics,
              containerPort: 9100}]}]}, status: {podIP: 10.244.0.5, conditions: [{type: Ready, status: "True"}]}}
            ---
            {kind: Pod, metadata: {name: b, labels: {app: web}}, status: {podIP: 10.244.0.6}}
            ---
            {kind: Pod, metadata: {name: c, labels: {app: other}}, status: {podIP: 10.244.0.7, conditions: [{type: Ready,
              status: "True"}]}}
            """)
        #expect(cluster.table == ["tcp 10.96.0.10:80: 10.244.0.5:9376", "tcp 10.96.0.10:81: 10.244.0.5:9100"])
    }

    /// A named port may be that of an init container, if that goes on running beside the others.
    @Test(arguments: [("Always", ["10.244.0.5:9121"]), ("OnFailure", []), ("", [])])
    func aSidecarsPortHasItsName(restartPolicy: String, expected: [String]) throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: redis}, spec: {clusterIP: 10.96.0.10, selector: {app: redis},
              ports: [{port: 9121, targetPort: metrics}]}}
            ---
            {kind: Pod, metadata: {name: a, labels: {app: redis}}, spec: {containers: [{ports: [{name: redis,
              containerPort: 6379}]}], initContainers: [{restartPolicy: "\(restartPolicy)", ports: [{name: metrics,
              containerPort: 9121}]}]}, status: {podIP: 10.244.0.5, conditions: [{type: Ready, status: "True"}]}}
            """)
        #expect(cluster.index.desiredVirtualServers.flatMap(\.realServers).map(\.endpoint.description) == expected)
    }

    @Test func aServiceWithoutSelectorHasItsEndpointsObject() throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: mydb}, spec: {clusterIP: 10.96.0.11, ports: [{port: 3306}]}}
            ---
            {kind: Endpoints, metadata: {name: mydb, annotations: {endpoints.kubernetes.io/over-capacity: truncated}},
              subsets: [{addresses: [{ip: 192.168.0.5}], notReadyAddresses: [{ip: 192.168.0.6}], ports: [{port: 3306}]}]}
            """)
        #expect(cluster.table == ["tcp 10.96.0.11:3306: 192.168.0.5:3306"])
        #expect(cluster.service("mydb").warnings.count == 1)
    }

    @Test(arguments: [
        ("clusterIP: None", TranslatedService.Omission.headless), ("clusterIP: ''", .withoutClusterIP),
        ("type: ExternalName, externalName: x.example", .externalName),
    ])
    func whatHasNoClusterIPIsLeftOut(_ spec: String, _ omission: TranslatedService.Omission) throws {
        let cluster = try Cluster("{kind: Service, metadata: {name: x}, spec: {\(spec), ports: [{port: 80}]}}")
        #expect(cluster.table.isEmpty && cluster.service("x").omission == omission)
    }

    @Test func everyAddressOfAServiceIsServedInItsFamilies() throws {
        let policy = TranslationPolicy(
            nodeAddresses: ["192.0.2.7", "2001:db8::7"].compactMap { IPAddress($0) })
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIPs: [10.96.0.10, "fd00::10"],
              externalIPs: [198.51.100.1, 192.0.2.7], ports: [{port: 80, nodePort: 30080, protocol: UDP}]},
              status: {loadBalancer: {ingress: [{ip: 203.0.113.1}, {ip: 203.0.113.2, ipMode: Proxy}]}}}
            """, policy: policy)
        #expect(
            cluster.index.desiredVirtualServers.map(\.key.description) == [
                "udp 10.96.0.10:80", "udp 192.0.2.7:30080", "udp 198.51.100.1:80", "udp 203.0.113.1:80",
                "udp [2001:db8::7]:30080", "udp [fd00::10]:80",
            ])
        #expect(
            cluster.service("web").warnings.map(\.message) == [
                "external IP 192.0.2.7 is refused: it is an address of this machine, whose Node object is not known"
            ])
    }

    /// Where a Node object tells the node's own addresses, one that floats is none of them.
    @Test(arguments: [("192.0.2.7", false), ("198.51.100.1", true)])
    func anExternalIPThatFloatsIsServedWhereverItIs(_ address: String, _ isServed: Bool) throws {
        let policy = TranslationPolicy(
            nodeAddresses: ["192.0.2.7", "198.51.100.1"].compactMap { IPAddress($0) },
            primaryAddresses: [IPAddress("192.0.2.7")].compactMap(\.self))
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.10, externalIPs: [\(address)],
              ports: [{port: 80}]}}
            """, policy: policy)
        #expect((cluster.index.desiredVirtualServers.count == 2) == isServed)
        #expect(cluster.service("web").warnings.isEmpty == isServed)
    }

    private func verdicts(_ endpoints: String, spec: String = "") throws -> [EndpointDecision.Verdict] {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]\(spec)}}
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: web-1, labels: {kubernetes.io/service-name: web}},
              ports: [{port: 8080}], endpoints: [\(endpoints)]}
            """)
        return cluster.service("web").virtualServers.flatMap { $0.decisions.map(\.verdict) }
    }

    @Test func readyOnesServeAndTerminatingOnesOnlyWithoutThem() throws {
        let leaving = "{addresses: [10.1.0.2], conditions: {ready: false, serving: true, terminating: true}}"
        let broken = "{addresses: [10.1.0.3], conditions: {ready: false, serving: false}}"
        #expect(try verdicts("{addresses: [10.1.0.1]}, \(leaving), \(broken)") == [.ready, .terminating, .notReady])
        #expect(try verdicts("\(leaving), \(broken)") == [.servingWhileTerminating, .notReady])
    }

    @Test func hintsCountWhenEveryReadyEndpointHasThem() throws {
        let here = "{addresses: [10.1.0.1], hints: {forZones: [{name: z1}]}}"
        let there = "{addresses: [10.1.0.2], hints: {forZones: [{name: z2}]}}"
        #expect(try verdicts("\(here), \(there)") == [.ready, .hintedToAnotherZone])
        #expect(try verdicts("\(here), \(there), {addresses: [10.1.0.3]}") == [.ready, .ready, .ready])
        #expect(try verdicts(there) == [.ready])
    }

    @Test func localTrafficStaysOnTheNode() throws {
        let local = ", internalTrafficPolicy: Local"
        let endpoints = "{addresses: [10.1.0.1], nodeName: n1}, {addresses: [10.1.0.2], nodeName: n2}"
        #expect(try verdicts(endpoints, spec: local) == [.ready, .onAnotherNode])
        #expect(try verdicts("{addresses: [10.1.0.2], nodeName: n2}", spec: local) == [.onAnotherNode])
    }

    @Test func slicesMarkedAsHeadlessAreNotProxied() throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}}
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: web-1, labels: {kubernetes.io/service-name: web,
              service.kubernetes.io/headless: ""}}, ports: [{port: 8080}], endpoints: [{addresses: [10.1.0.1]}]}
            """)
        #expect(cluster.table == ["tcp 10.96.0.10:80: "])
    }

    @Test func annotationsAreTakenOrNamed() throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web, annotations: {ipvsync.io/scheduler: mh, ipvsync.io/drain-timeout: soon,
              ipvsync.io/shceduler: rr}}, spec: {clusterIP: 10.96.0.10, sessionAffinity: ClientIP, ports: [{port: 80}]}}
            """)
        let server = try #require(cluster.index.desiredVirtualServers.first?.virtualServer)
        #expect(server.scheduler == Scheduler("mh", flags: [.flag1, .flag2]))
        #expect(server.persistence?.timeout == 10_800)
        #expect(cluster.service("web").warnings.count == 2)
    }

    @Test func theOldestOfTwoClaimantsWins() throws {
        let objects = try Cluster.objects(
            """
            {kind: Service, metadata: {name: young, creationTimestamp: "2026-02-01T00:00:00Z"},
              spec: {clusterIP: 10.96.0.1, externalIPs: [203.0.113.1], ports: [{port: 80}]}}
            ---
            {kind: Service, metadata: {name: old, creationTimestamp: "2026-01-01T00:00:00Z"},
              spec: {clusterIP: 10.96.0.2, externalIPs: [203.0.113.1], ports: [{port: 80}]}}
            """)
        for order in [objects, objects.reversed()] {
            #expect(Cluster(order).index.conflicts.map(\.winner.name) == ["old"])
        }
    }

    @Test(arguments: [
        ("[192.0.2.0/24]", nil, false), ("[192.0.2.0/24]", DataPathSettings(firewall: nil), false),
        ("[192.0.2.0/24]", DataPathSettings(), true), ("[0.0.0.0/0, 192.0.2.0/24]", nil, true), ("[]", nil, true),
    ])
    func saysWhatIsNotEnforced(ranges: String, network: DataPathSettings?, isEnforced: Bool) throws {
        var policy = TranslationPolicy()
        policy.keep(network)
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 10.96.0.1, ports: [{port: 80}],
              loadBalancerSourceRanges: \(ranges)}}
            """, policy: policy)
        let warnings = cluster.service("web").warnings.map(\.message)
        #expect(warnings.count == (isEnforced ? 0 : 1))
        #expect(warnings.allSatisfy { $0.hasPrefix("loadBalancerSourceRanges is not enforced") })
    }
}
