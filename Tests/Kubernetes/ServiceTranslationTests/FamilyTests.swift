import Testing

@testable import ServiceTranslation

/// Addresses are read as Kubernetes reads them, and what is left out is told.
@Suite struct FamilyTests {
    @Test func zerosInFrontDoNotCountAndMappedAddressesAreIPv4() throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, clusterIP: 010.096.001.010,
              externalIPs: ["::ffff:203.0.113.7"], ports: [{port: 80}]}, status: {loadBalancer: {ingress: [
              {ip: 198.051.100.007}]}}}
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: a, labels: {kubernetes.io/service-name: web}},
              ports: [{port: 8080}], endpoints: [{addresses: [10.244.001.005]}, {addresses: ["::ffff:10.244.1.6"]}]}
            """)
        let servers = "10.244.1.5:8080 10.244.1.6:8080"
        #expect(
            cluster.table == [
                "tcp 10.96.1.10:80: \(servers)", "tcp 198.51.100.7:80: \(servers)", "tcp 203.0.113.7:80: \(servers)",
            ])
        #expect(cluster.service("web").warnings.isEmpty)
    }

    /// Written as an address of IPv6, loopback is loopback all the same.
    @Test func aMappedAddressIsNoWayRoundARefusal() throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.10, externalIPs: ["::ffff:127.0.0.1"],
              ports: [{port: 80}]}}
            ---
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: a, labels: {kubernetes.io/service-name: web}},
              ports: [{port: 8080}], endpoints: [{addresses: ["::ffff:127.0.0.1"]}, {addresses: ["2001:db8::5"]}]}
            """)
        #expect(cluster.table == ["tcp 10.96.0.10:80: "])
        let warnings = cluster.service("web").warnings
        #expect(warnings.count == 3)
        #expect(warnings.count { $0.message.contains("127.0.0.1 is refused") } == 2)
        #expect(warnings.contains { $0.message.contains("2001:db8::5 is not of its slice's addressType") })
    }

    @Test func anAddressOfAnotherFamilyIsToldOf() throws {
        let cluster = try Cluster(
            """
            {kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.10, externalIPs: ["2001:db8::7"],
              ports: [{port: 80}]}}
            """)
        let warnings = cluster.service("web").warnings
        #expect(
            warnings.map(\.message) == ["external IP 2001:db8::7 is left out: the Service has no IPv6 cluster IP"])
        #expect(warnings.map(\.reason) == [.address])
    }
}
