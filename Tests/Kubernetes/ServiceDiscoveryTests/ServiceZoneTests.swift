import Documents
import KubernetesObjects
import ServiceTranslation
import Testing

@testable import ServiceDiscovery

@Suite struct ServiceZoneTests {
    private static let objects = """
        {kind: Service, metadata: {name: web, namespace: shop}, spec: {clusterIPs: [10.96.0.10, "fd00::10"],
          ports: [{name: http, port: 80}]}}
        ---
        {kind: Service, metadata: {name: nginxsvc}, spec: {clusterIP: None, ports: [{name: www, port: 80}]}}
        ---
        {kind: EndpointSlice, addressType: IPv4, metadata: {name: n-1, labels: {kubernetes.io/service-name: nginxsvc,
          service.kubernetes.io/headless: ""}}, ports: [{name: www, port: 8080}], endpoints: [
          {addresses: [10.244.0.5], hostname: web-0}, {addresses: [10.244.0.6]},
          {addresses: [10.244.0.7], conditions: {ready: false}}]}
        ---
        {kind: Service, metadata: {name: db}, spec: {type: ExternalName, externalName: db.example.com}}
        ---
        {kind: Service, metadata: {name: pending}, spec: {ports: [{port: 80}]}}
        """

    private func cluster() throws -> ClusterState {
        let objects = try YAMLNode.documents(in: Self.objects).map { try KubernetesObject($0) }
        return ServiceIndex(objects, translator: ServiceTranslator(policy: TranslationPolicy())).cluster
    }

    @Test func aHeadlessServiceNeedsNoPort() throws {
        let objects = try YAMLNode.documents(
            in: """
                {kind: Service, metadata: {name: peers}, spec: {clusterIP: None}}
                ---
                {kind: EndpointSlice, addressType: IPv4, metadata: {name: p-1, labels: {kubernetes.io/service-name: peers}},
                  endpoints: [{addresses: [10.244.0.5], hostname: a}, {addresses: [10.244.0.6], conditions: {ready: false}}]}
                """
        ).map { try KubernetesObject($0) }
        let cluster = ServiceIndex(objects, translator: ServiceTranslator(policy: TranslationPolicy())).cluster
        #expect(
            ServiceZone(cluster, authority("cluster.local")).lines.filter { $0.contains("peers") } == [
                "a.peers.default.svc.cluster.local. IN A 10.244.0.5",
                "peers.default.svc.cluster.local. IN A 10.244.0.5",
            ])
    }

    /// Address records do not depend on ports (DNS specification 1.1, 2.4.1), service records do (2.4.2).
    @Test func portsThatDoNotMatchCostNoAddressRecord() throws {
        let objects = try YAMLNode.documents(
            in: """
                {kind: Service, metadata: {name: db}, spec: {clusterIP: None, ports: [{name: mongodb, port: 27017}]}}
                ---
                {kind: Endpoints, metadata: {name: db}, subsets: [{addresses: [{ip: 192.168.2.2}], ports: [{port: 27017}]},
                  {addresses: [{ip: 192.168.2.3}], ports: [{name: mongodb, port: 27018}]}]}
                """
        ).map { try KubernetesObject($0) }
        let cluster = ServiceIndex(objects, translator: ServiceTranslator(policy: TranslationPolicy())).cluster
        let lines = ServiceZone(cluster, authority("c")).lines.filter { $0.contains("db.") }
        #expect(
            lines == [
                "192-168-2-2.db.default.svc.c. IN A 192.168.2.2", "192-168-2-3.db.default.svc.c. IN A 192.168.2.3",
                "_mongodb._tcp.db.default.svc.c. IN SRV 0 100 27018 192-168-2-3.db.default.svc.c.",
                "db.default.svc.c. IN A 192.168.2.2", "db.default.svc.c. IN A 192.168.2.3",
            ])
    }

    @Test func anEndpointThatNoTrafficMayReachHasNoName() throws {
        let objects = try YAMLNode.documents(
            in: """
                {kind: Service, metadata: {name: lo}, spec: {clusterIP: None, ports: [{port: 1}]}}
                ---
                {kind: EndpointSlice, addressType: IPv4, metadata: {name: l, labels: {kubernetes.io/service-name: lo}},
                  ports: [{port: 1}], endpoints: [{addresses: [127.0.0.1]}, {addresses: [10.244.0.5]}]}
                """
        ).map { try KubernetesObject($0) }
        let cluster = ServiceIndex(objects, translator: ServiceTranslator(policy: TranslationPolicy())).cluster
        let zone = ServiceZone(cluster, authority("c"))
        #expect(zone.lines.contains("lo.default.svc.c. IN A 10.244.0.5"))
        #expect(!zone.lines.contains { $0.contains("127.0.0.1") || $0.contains("127-0-0-1") })
        #expect(zone.warnings.contains { $0.contains("127.0.0.1 is refused") })
    }

    @Test func aPodHasItsHostNameInTheServiceOfItsSubdomain() throws {
        let objects = try YAMLNode.documents(
            in: """
                {kind: Service, metadata: {name: redis}, spec: {clusterIP: None, selector: {app: r}, ports: [{port: 1}]}}
                ---
                {kind: Service, metadata: {name: peers}, spec: {clusterIP: None, selector: {app: r}, ports: [{port: 1}]}}
                ---
                {kind: Pod, metadata: {name: r-0, labels: {app: r}}, spec: {hostname: r-0, subdomain: redis},
                  status: {podIP: 10.244.1.7, conditions: [{type: Ready, status: "True"}]}}
                """
        ).map { try KubernetesObject($0) }
        let cluster = ServiceIndex(objects, translator: ServiceTranslator(policy: TranslationPolicy())).cluster
        let lines = ServiceZone(cluster, authority("c")).lines.filter { $0.contains("10.244.1.7") }
        #expect(
            lines == [
                "10-244-1-7.peers.default.svc.c. IN A 10.244.1.7", "peers.default.svc.c. IN A 10.244.1.7",
                "r-0.redis.default.svc.c. IN A 10.244.1.7", "redis.default.svc.c. IN A 10.244.1.7",
            ])
        let reverse = ServiceZone(reverse: cluster, domain: "c", authority("10.in-addr.arpa")).lines
        #expect(reverse.filter { $0.contains("PTR") } == ["7.1.244.10.in-addr.arpa. IN PTR r-0.redis.default.svc.c."])
    }

    private func authority(_ origin: String) -> ServiceZone.Authority {
        ServiceZone.Authority(origin: origin, nameServer: "ns.example.", serial: 7, timeToLive: 5)
    }

    @Test func everyNameOfTheSpecificationIsThere() throws {
        #expect(
            ServiceZone(try cluster(), authority("cluster.local")).lines == [
                "$TTL 5", "cluster.local. IN SOA ns.example. hostmaster.cluster.local. 7 7200 1800 86400 5",
                "cluster.local. IN NS ns.example.",
                "10-244-0-6.nginxsvc.default.svc.cluster.local. IN A 10.244.0.6",
                "_http._tcp.web.shop.svc.cluster.local. IN SRV 0 100 80 web.shop.svc.cluster.local.",
                "_www._tcp.nginxsvc.default.svc.cluster.local. IN SRV 0 100 8080 10-244-0-6.nginxsvc.default.svc.cluster.local.",
                "_www._tcp.nginxsvc.default.svc.cluster.local. IN SRV 0 100 8080 web-0.nginxsvc.default.svc.cluster.local.",
                "db.default.svc.cluster.local. IN CNAME db.example.com.",
                "dns-version.cluster.local. IN TXT \"1.1.0\"",
                "nginxsvc.default.svc.cluster.local. IN A 10.244.0.5",
                "nginxsvc.default.svc.cluster.local. IN A 10.244.0.6",
                "web-0.nginxsvc.default.svc.cluster.local. IN A 10.244.0.5",
                "web.shop.svc.cluster.local. IN A 10.96.0.10", "web.shop.svc.cluster.local. IN AAAA fd00::10",
            ])
    }

    @Test func aReverseZoneHasThePointersBelowIt() throws {
        func pointers(_ origin: String) throws -> [String] {
            ServiceZone(reverse: try cluster(), domain: "cluster.local", authority(origin)).lines.dropFirst(3)
                .map { String($0) }
        }
        #expect(
            try pointers("10.in-addr.arpa") == [
                "10.0.96.10.in-addr.arpa. IN PTR web.shop.svc.cluster.local.",
                "5.0.244.10.in-addr.arpa. IN PTR web-0.nginxsvc.default.svc.cluster.local.",
            ])
        #expect(try pointers("244.10.in-addr.arpa").count == 1)
        #expect(
            try pointers("d.f.ip6.arpa") == [
                "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. IN PTR web.shop.svc.cluster.local."
            ])
    }
}
