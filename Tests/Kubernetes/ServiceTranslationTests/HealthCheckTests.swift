import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// Health check node ports: who has one, and what it says.
@Suite struct HealthCheckTests {
    private static let web = ObjectName(namespace: "default", name: "web")

    private static func service(
        _ name: String = "web", type: String = "LoadBalancer", policy: String = "Local", port: Int = 30_000,
        created: String = "2026-01-01T00:00:00Z", more: String = ""
    ) -> String {
        """
        {kind: Service, metadata: {name: \(name), creationTimestamp: "\(created)"}, spec: {type: \(type),
          clusterIPs: [10.96.0.1, "fd00::1"], externalTrafficPolicy: \(policy), healthCheckNodePort: \(port),
          ports: [{name: a, port: 80}, {name: b, port: 81}]\(more)}}
        """
    }

    private static func slice(_ endpoints: String, name: String = "v4", type: String = "IPv4") -> String {
        """
        {kind: EndpointSlice, addressType: \(type), metadata: {name: \(name), labels: {kubernetes.io/service-name: web}},
          ports: [{name: a, port: 8080}, {name: b, port: 8081}], endpoints: [\(endpoints)]}
        """
    }

    private static func localEndpoints(_ documents: String...) throws -> Int? {
        try Cluster(documents.joined(separator: "\n---\n")).index.healthChecks[30_000]?.localEndpoints
    }

    @Test func onlyLocalLoadBalancersHaveOne() throws {
        let expected = HealthCheck(service: Self.web, port: 30_000, localEndpoints: 0)
        let cluster = try Cluster(Self.service())
        #expect(cluster.index.healthChecks == [30_000: expected])
        #expect(cluster.service("web").healthCheck == expected)
        #expect(cluster.service("web").warnings.isEmpty)
        for text in [
            Self.service(type: "NodePort"), Self.service(policy: "Cluster"), Self.service(port: 0),
            Self.service(more: ", clusterIP: None").replacing("clusterIPs: [10.96.0.1, \"fd00::1\"], ", with: ""),
        ] {
            #expect(try Cluster(text).index.healthChecks.isEmpty, "\(text)")
        }
    }

    @Test func eachReadyAddressOfThisNodeCountsOnce() throws {
        let here = "{addresses: [10.1.0.1], nodeName: n1}, {addresses: [10.1.0.2], nodeName: n1}"
        let elsewhere = "{addresses: [10.1.0.3], nodeName: n2}, {addresses: [10.1.0.4]}"
        #expect(try Self.localEndpoints(Self.service(), Self.slice("\(here), \(elsewhere)")) == 2)
        #expect(try Self.localEndpoints(Self.service(), Self.slice(here), Self.slice(here, name: "again")) == 2)
        let six = Self.slice("{addresses: [\"fd01::1\"], nodeName: n1}", name: "v6", type: "IPv6")
        #expect(try Self.localEndpoints(Self.service(), Self.slice(here), six) == 3)
    }

    @Test(arguments: [
        ("targetRef: {kind: Pod, name: a}", "targetRef: {kind: Pod, name: a}", 1),
        ("targetRef: {kind: Pod, name: a}", "targetRef: {kind: Pod, name: b}", 2),
        ("hostname: a", "hostname: a", 1), ("hostname: a", "hostname: b", 2),
        ("targetRef: {kind: VM, name: a}", "targetRef: {kind: VM, name: a}", 2),
    ])
    func aPodOfTwoFamiliesCountsOnce(four: String, six: String, count: Int) throws {
        let slices = [
            Self.slice("{addresses: [10.1.0.1], nodeName: n1, \(four)}"),
            Self.slice("{addresses: [\"fd01::1\"], nodeName: n1, \(six)}", name: "v6", type: "IPv6"),
        ]
        #expect(try Self.localEndpoints(Self.service(), slices[0], slices[1]) == count)
    }

    @Test(arguments: [
        "ready: false, serving: false", "ready: false, serving: true, terminating: true",
        "ready: true, serving: true, terminating: true",
    ])
    func thoseThatLeaveDoNotCount(conditions: String) throws {
        let slice = Self.slice("{addresses: [10.1.0.1], nodeName: n1, conditions: {\(conditions)}}")
        #expect(try Self.localEndpoints(Self.service(), slice) == 0)
    }

    @Test func aNodeWithoutNameHasNone() throws {
        let text = "\(Self.service())\n---\n\(Self.slice("{addresses: [10.1.0.1]}"))"
        #expect(try Cluster(text, policy: TranslationPolicy()).index.healthChecks[30_000]?.localEndpoints == 0)
    }

    /// With the fallback on, the virtual servers go on with the endpoints of other nodes.
    @Test func aCountAloneIsNoticed() throws {
        var policy = TranslationPolicy(nodeName: "n1")
        policy.localFallsBackToCluster = true
        var index = ServiceIndex(translator: ServiceTranslator(policy: policy))
        func take(_ yaml: String) throws -> [VirtualServerKey] {
            for object in try Cluster.objects(yaml) { index.update { $0.set(object) } }
            return index.refresh()
        }
        _ = try take("\(Self.service())\n---\n\(Self.slice("{addresses: [10.1.0.1], nodeName: n2}"))")
        #expect(index.healthChecks[30_000]?.localEndpoints == 0)
        #expect(try take(Self.slice("{addresses: [10.1.0.1], nodeName: n1}")).isEmpty)
        #expect(index.healthChecks[30_000]?.localEndpoints == 1)
        #expect(try take(Self.service(port: 30_001)).isEmpty)
        #expect(index.healthChecks.mapValues(\.localEndpoints) == [30_001: 1])
    }

    @Test func theOldestOfTwoClaimantsHasThePort() throws {
        let objects = try Cluster.objects(
            [Self.service("young", created: "2026-02-01T00:00:00Z"), Self.service("old")].joined(separator: "\n---\n"))
        for order in [objects, objects.reversed()] {
            var cluster = Cluster(order)
            #expect(cluster.index.healthChecks[30_000]?.service.name == "old")
            #expect(cluster.index.healthCheckConflicts.map(\.loser.name) == ["young"])
            for object in try Cluster.objects(Self.service("old", port: 30_001)) { cluster.add(object) }
            cluster.refresh()
            #expect(cluster.index.healthChecks.mapValues(\.service.name) == [30_000: "young", 30_001: "old"])
            #expect(cluster.index.healthCheckConflicts.isEmpty)
        }
    }
}
