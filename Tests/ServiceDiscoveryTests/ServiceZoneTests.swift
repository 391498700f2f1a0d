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
