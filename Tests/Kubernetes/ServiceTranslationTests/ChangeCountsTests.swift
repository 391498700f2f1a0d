// swift-format-ignore-file: NeverForceUnwrap

import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// What is counted of changes: how many, since when, and what this node lacks.
@Suite struct ChangeCountsTests {
    private static func service(internal policy: String = "Cluster", external: String = "Cluster") -> String {
        """
        {kind: Service, metadata: {name: web}, spec: {type: NodePort, clusterIPs: [10.96.0.1, "fd00::1"],
          internalTrafficPolicy: \(policy), externalTrafficPolicy: \(external), ports: [{port: 80, nodePort: 30000}]}}
        """
    }

    private static func slice(
        _ endpoints: String, time: String? = nil, type: String = "IPv4"
    ) throws -> KubernetesObject {
        let trigger = time.map { ", annotations: {endpoints.kubernetes.io/last-change-trigger-time: \"\($0)\"}" } ?? ""
        return try Cluster.objects(
            """
            {kind: EndpointSlice, addressType: \(type), metadata: {name: s\(type),
              labels: {kubernetes.io/service-name: web}\(trigger)}, ports: [{port: 8080}], endpoints: [\(endpoints)]}
            """)[0]
    }

    @Test func whatIsToldAgainIsNoChange() throws {
        var cluster = try Cluster(Self.service())
        let slice = try Self.slice("{addresses: [10.1.0.1]}")
        cluster.add(slice)
        cluster.add(slice)
        cluster.add(try Cluster.objects(Self.service())[0])
        #expect(cluster.index.cluster.changes == ChangeCounts(services: 1, endpoints: 1))
        let name = ObjectName(namespace: "default", name: "sIPv4")
        for _ in 0..<2 { cluster.index.update { $0.remove(ObjectIdentity(kind: "EndpointSlice", name: name)) } }
        #expect(cluster.index.cluster.changes == ChangeCounts(services: 1, endpoints: 2))
    }

    @Test func triggersComeOnceAndChangeNothing() throws {
        var cluster = try Cluster(Self.service())
        cluster.add(try Self.slice("{addresses: [10.1.0.1]}", time: "2026-11-28T01:00:20.5Z"))
        cluster.add(try Self.slice("{addresses: [\"fd01::1\"]}", time: "yesterday", type: "IPv6"))
        let expected = [ChangeTrigger(family: .ipv4, seconds: 1_795_827_620.5)]
        #expect(cluster.index.takeChangeTriggers() == expected)
        #expect(cluster.index.takeChangeTriggers().isEmpty)
        cluster.refresh()
        // A slice with a new time and the same endpoints is the same.
        cluster.add(try Self.slice("{addresses: [10.1.0.1]}", time: "2026-11-28T01:00:30Z"))
        #expect(!cluster.index.hasMore && cluster.index.takeChangeTriggers().isEmpty)
    }

    @Test func nodePortsAreServedOnTheNodesOwnAddressesAndOnNetworks() {
        var policy = TranslationPolicy(
            nodeAddresses: [.of("192.0.2.1"), .of("10.1.0.1"), .of("203.0.113.1")],
            primaryAddresses: [.of("192.0.2.1"), .of("2001:db8::1")])
        policy.nodePortAddresses = .primaryAnd([.of("10.0.0.0/8"), .of("192.0.2.0/24")])
        #expect(policy.nodePortAddresses(.ipv4) == [.of("10.1.0.1"), .of("192.0.2.1")])
        #expect(policy.nodePortAddresses(.ipv6) == [.of("2001:db8::1")])
        policy.nodePortAddresses = .all
        #expect(policy.nodePortAddresses(.ipv4).count == 3)
    }

    @Test func theTriggersThatAreKeptAreBounded() throws {
        var cluster = try Cluster(Self.service())
        for number in 0..<10_050 {
            cluster.add(
                try Self.slice("{addresses: [10.1.\(number / 200).\(number % 200)]}", time: "2026-11-28T01:00:20Z"))
        }
        #expect(cluster.index.takeChangeTriggers().count == 10_000)
        #expect(cluster.index.cluster.changes.endpoints == 10_050)
    }

    @Test(arguments: [
        ("Cluster", "Cluster", [0, 0, 0, 0]), ("Local", "Cluster", [0, 1, 0, 0]), ("Cluster", "Local", [1, 0, 0, 0]),
        ("Local", "Local", [1, 1, 0, 0]),
    ])
    func servicesWithoutEndpointsHereAreCounted(inside: String, outside: String, expected: [Int]) throws {
        let policy = TranslationPolicy(nodeName: "n1", nodeAddresses: [.of("192.0.2.1"), .of("2001:db8::1")])
        var cluster = try Cluster(Self.service(internal: inside, external: outside), policy: policy)
        func counts() -> [Int] {
            AddressFamily.allCases.flatMap { family in
                LocalLack.Policy.allCases.map { cluster.index.localLack[family, $0] }
            }
        }
        // Without any endpoint, none is missing here.
        #expect(counts() == [0, 0, 0, 0])
        cluster.add(try Self.slice("{addresses: [10.1.0.1], nodeName: n2}"))
        cluster.refresh()
        #expect(counts() == expected)
        cluster.add(try Self.slice("{addresses: [10.1.0.1], nodeName: n1}"))
        cluster.refresh()
        #expect(counts() == [0, 0, 0, 0])
        cluster.add(try Self.slice("{addresses: [10.1.0.1], nodeName: n2}"))
        cluster.index.update {
            $0.remove(ObjectIdentity(kind: "Service", name: .init(namespace: "default", name: "web")))
        }
        cluster.refresh()
        #expect(counts() == [0, 0, 0, 0])
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-28T01:00:20Z", 1_795_827_620),
            ("2024-02-29T12:00:00Z", 1_709_208_000),
            ("2026-11-28T01:00:20.25Z", 1_795_827_620.25), ("2026-11-28T03:00:20.000000000+02:00", 1_795_827_620),
            ("2026-11-27T20:30:20-04:30", 1_795_827_620), ("2000-03-01T00:00:00Z", 951_868_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Double)])
    func timesAreRead(text: String, seconds: Double) {
        #expect(Timestamp.seconds(text) == seconds)
    }

    @Test(arguments: [
        "", "now", "2026-11-28", "2026-11-28T01:00:20", "2026-13-28T01:00:20Z", "2026-02-29T01:00:20Z",
        "2100-02-29T00:00:00Z", "2026-11-28T24:00:20Z", "2026-11-28 01:00:20Z", "2026-11-28T01:00:20.Z",
        "2026-11-28T01:00:20+2:00", "2026-11-28T01:00:20*02:00", "2026-11-28T01:00:20ZZ", "1969-12-31T23:59:59Z",
        "+026-11-28T01:00:20Z", "2026-11-28T01:00:20.1234567890123456789012345Z", "２026-11-28T01:00:20Z",
        "99999-11-28T01:00:20Z", String(repeating: "9", count: 10_000),
    ])
    func whatIsNoTimeIsNone(text: String) {
        #expect(Timestamp.seconds(text) == nil)
    }
}
