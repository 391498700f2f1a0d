import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// Whatever is left out of an object is named: nothing vanishes without a word.
@Suite struct LeftOutTests {
    private static func service(_ spec: String = "", status: String = "") -> String {
        """
        {kind: Service, metadata: {name: web}, spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]\(spec)},
          status: {loadBalancer: {ingress: [\(status)]}}}
        """
    }

    private static func slice(_ endpoints: String, _ type: String = "IPv4", ports: String = "{port: 8080}") -> String {
        """
        {kind: EndpointSlice, addressType: \(type), metadata: {name: web-1, labels: {kubernetes.io/service-name: web}},
          ports: [\(ports)], endpoints: [\(endpoints)]}
        """
    }

    private func warnings(_ objects: String...) throws -> [String] {
        try Cluster(objects.joined(separator: "\n---\n")).service("web").warnings.map {
            "\($0.reason.rawValue): \($0.message)"
        }
    }

    @Test(arguments: [
        (
            slice("{addresses: [10.1.0.1, 10.1.0.2]}, {addresses: [10.1.0.3, 10.1.0.4, 10.1.0.5, 10.1.0.6]}"),
            "endpoint address 10.1.0.2, 10.1.0.4, 10.1.0.5 and 1 more is left out: only the first one of an endpoint counts"
        ),
        (slice("{addresses: [10.1.0.1]}, {addresses: []}"), "endpoints without an address are left out: 1"),
        (slice("{addresses: [\"\"]}, {}"), "endpoints without an address are left out: 2"),
        (
            slice("{addresses: [web.example]}", "FQDN"),
            "EndpointSlice web-1 is left out: its addressType FQDN is for no proxy"
        ),
        (
            slice("{addresses: [\"2001:db8::1\"]}", "IPv6"),
            "endpoint 2001:db8::1 is left out: the Service has no IPv6 cluster IP"
        ),
        (
            slice("{addresses: [10.1.0.1]}", ports: "{name: \"\"}"),
            "port (without a name) of its endpoints has no number and is left out"
        ),
        (
            "{kind: Endpoints, metadata: {name: web}, subsets: [{addresses: [{ip: 10.1.0.1}, {ip: \"fd00::1\"}], "
                + "ports: [{port: 80}]}]}",
            "endpoint fd00::1 is left out: the Service has no IPv6 cluster IP"
        ),
    ])
    func endpoints(source: String, message: String) throws {
        #expect(try warnings(Self.service(), source) == ["endpoint: \(message)"])
    }

    @Test func whatIsLeftOutOnPurposeIsNoWarning() throws {
        let fine = [Self.slice("", "FQDN"), Self.slice("{addresses: [10.1.0.1]}"), Self.slice("", ports: "")]
        for source in fine { #expect(try warnings(Self.service(), source).isEmpty) }
        // A Pod of a cluster with two families, behind a Service with one.
        let pod =
            "{kind: Pod, metadata: {name: p, labels: {a: b}}, status: {podIPs: [{ip: 10.1.0.1}, {ip: \"fd00::1\"}]}}"
        #expect(try warnings(Self.service(", selector: {a: b}"), pod).isEmpty)
    }

    @Test func ingresses() throws {
        let status =
            "{ip: 203.0.113.1}, {ip: 203.0.113.2, ipMode: Proxy}, {ip: 203.0.113.3, ipMode: proxy}, {hostname: lb.example}"
        let cluster = try Cluster(Self.service(", type: LoadBalancer", status: status))
        let service = cluster.service("web")
        #expect(service.virtualServers.map(\.key.description) == ["tcp 10.96.0.10:80", "tcp 203.0.113.1:80"])
        #expect(
            service.warnings.map(\.message) == [
                "load balancer ingress 203.0.113.3 is left out: its ipMode \"proxy\" is neither VIP nor Proxy"
            ])
        #expect(service.othersIngresses == ["203.0.113.2, with ipMode Proxy", "lb.example, a name"])
    }

    @Test func aNodeWithoutAnAddressForNodePorts() throws {
        let service = Self.service(", type: NodePort").replacing("port: 80", with: "port: 80, nodePort: 30080")
        var policy = TranslationPolicy(nodeName: "n1")
        func warnings() throws -> [String] {
            try Cluster(service, policy: policy).service("web").warnings.map(\.message)
        }
        // Nobody knows the node's addresses yet.
        #expect(try warnings().isEmpty)
        policy.nodeAddresses = [.of("192.0.2.1"), .of("2001:db8::1")]
        #expect(try warnings().isEmpty)
        policy.nodePortAddresses = .primary
        #expect(try warnings().isEmpty)
        policy.nodePortAddresses = .networks([.of("198.51.100.0/24"), .of("2001:db8::/32")])
        #expect(
            try warnings() == [
                "its node ports are served nowhere: this node has no IPv4 address that services.nodePortAddresses takes"
            ])
    }

    @Test func addressesOfNodesAndNetworksOfTheCluster() throws {
        let objects = """
            {kind: Node, metadata: {name: n1}, spec: {podCIDRs: [010.244.1.0/24, 10.244.1.0/33]}, status: {addresses: [
              {type: InternalIP, address: 192.0.2.010}, {type: InternalIP, address: node.example},
              {type: InternalIP}, {type: ExternalIP, address: 127.0.0.1}, {type: Hostname, address: n1}]}}
            ---
            {apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: more}, spec: {cidrs: [10.97.0.0/16, a/8]}}
            """
        var cluster = try Cluster(objects)
        #expect(
            cluster.index.warnings.map(\.description) == [
                "ServiceCIDR more: \"a/8\" is no network and is left out",
                "Node n1: \"10.244.1.0/33\" in podCIDRs is no network and is left out",
                "Node n1: \"127.0.0.1\" is no address that others reach and is left out",
                "Node n1: \"node.example\", \"\" is no address and is left out",
            ])
        #expect(cluster.index.warnings(ofNode: "n1").count == 3 && cluster.index.warnings(ofNode: "n2").isEmpty)
        #expect(cluster.index.warningCounts[.address] == 4)
        let policy = TranslationPolicy(nodeName: "n1", cluster.index.cluster.nodes["n1"], addresses: [])
        #expect(policy.nodePortAddresses(.ipv4) == [.of("192.0.2.10")])
        // Zeros in front of an octet do not count: a tenant does not get an address of the pods.
        cluster.add(try Cluster.objects(Self.service(", externalIPs: [10.244.1.7]"))[0])
        cluster.refresh()
        #expect(cluster.service("web").warnings.map(\.reason) == [.address])
        let node = try Cluster.objects("{kind: Node, metadata: {name: n1}}")[0]
        cluster.add(node)
        cluster.refresh()
        #expect(cluster.index.warnings(ofNode: "n1").isEmpty)
        #expect(cluster.index.warnings.map(\.kind) == ["ServiceCIDR"])
    }
}
