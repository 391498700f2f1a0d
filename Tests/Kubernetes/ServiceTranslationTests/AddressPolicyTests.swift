import DataPath
import KubernetesObjects
import LoadBalancing
import TestSupport
import Testing

@testable import ServiceTranslation

/// Whose addresses a Service may take (CVE-2020-8554).
@Suite struct AddressPolicyTests {
    private static let nodes = """
        {kind: Node, metadata: {name: n1}, spec: {podCIDRs: [10.244.1.0/24]}, status: {addresses: [
          {type: InternalIP, address: 192.0.2.11}, {type: ExternalIP, address: "2001:db8::11"}]}}
        ---
        {kind: Node, metadata: {name: n2}, spec: {podCIDR: 10.244.2.0/24}, status: {addresses: [
          {type: InternalIP, address: 192.0.2.12}]}}
        """

    private static func policy(_ change: (inout TranslationPolicy) -> Void = { _ in }) -> TranslationPolicy {
        var policy = TranslationPolicy(
            nodeName: "n1", nodeAddresses: [.of("192.0.2.11"), .of("198.51.100.1")],
            primaryAddresses: [.of("192.0.2.11"), .of("2001:db8::11")])
        change(&policy)
        return policy
    }

    private static func service(
        _ name: String = "web", clusterIP: String = "10.96.0.10", external: [String] = [], ingress: [String] = [],
        created: String = "2026-01-01T00:00:00Z", more: String = ""
    ) -> String {
        let list = { (texts: [String]) in texts.map { "\"\($0)\"" }.joined(separator: ", ") }
        let entries = ingress.map { "{ip: \"\($0)\"}" }.joined(separator: ", ")
        return """
            {kind: Service, metadata: {name: \(name), creationTimestamp: "\(created)"}, spec: {
              clusterIPs: [\(clusterIP), "fd00::\(clusterIP.split(separator: ".").last ?? "")"],
              externalIPs: [\(list(external))], ports: [{port: 80\(more)}]}, status: {loadBalancer: {ingress: [\(entries)]}}}
            """
    }

    private static func cluster(
        _ documents: String..., policy: TranslationPolicy = policy()
    ) throws -> Cluster {
        try Cluster(([nodes] + documents).joined(separator: "\n---\n"), policy: policy)
    }

    /// The addresses of a Service that are served beside its cluster IPs.
    private static func served(_ cluster: Cluster, _ name: String = "web") -> [String] {
        cluster.service(name).virtualServers.filter { $0.role != .clusterIP && $0.role != .nodePort }
            .compactMap { server in
                guard case .endpoint(_, let endpoint) = server.key else { return nil }
                return endpoint.address.description
            }
    }

    // MARK: - Never

    static let special = [
        "0.0.0.0", "127.0.0.1", "127.0.0.53", "127.255.255.254", "169.254.169.254", "169.254.20.10", "224.0.0.1",
        "239.255.255.255", "255.255.255.255", "::", "::1", "fe80::1", "febf::1", "ff02::1", "::7f00:1",
    ]

    @Test(arguments: special) func noServiceGetsASpecialAddress(_ address: String) throws {
        for (external, ingress) in [([address], []), ([], [address])] {
            let cluster = try Self.cluster(Self.service(external: external, ingress: ingress))
            #expect(Self.served(cluster) == [])
            let warnings = cluster.service("web").warnings
            #expect(warnings.count == 1 && warnings.first?.reason == .address, "\(warnings)")
        }
    }

    @Test func noClusterIPIsASpecialAddress() throws {
        let cluster = try Self.cluster(Self.service(clusterIP: "127.0.0.10"))
        #expect(cluster.table == ["tcp [fd00::10]:80: "])
        #expect(cluster.service("web").warnings.map(\.reason) == [.address])
    }

    @Test(arguments: [
        ("203.0.113.1", true), ("203.0.113.2", true), ("203.0.113.3", true), ("203.0.113.255", true),
        ("2001:db8::53", true), ("203.0.113.4", false), ("203.0.113.254", false),
    ])
    func noServiceGetsTheNodesSurroundings(_ address: String, _ isRefused: Bool) throws {
        let policy = Self.policy {
            $0.addresses.apiServers = [.of("203.0.113.1"), .of("2001:db8::53")]
            $0.addresses.gateways = [.of("203.0.113.2"), .of("203.0.113.3")]
            $0.addresses.broadcasts = [.of("203.0.113.255")]
            // Not even if it is asked for.
            $0.addresses.externalIPs = .networks([.of("203.0.113.0/24"), .of("2001:db8::/32")])
            $0.addresses.servesNodeAddresses = true
        }
        for (external, ingress) in [([address], []), ([], [address])] {
            let cluster = try Self.cluster(Self.service(external: external, ingress: ingress), policy: policy)
            #expect(Self.served(cluster).isEmpty == isRefused)
            #expect(cluster.service("web").warnings.map(\.reason) == (isRefused ? [.address] : []))
        }
    }

    @Test func theEndpointsOfTheAPIServersServiceAreNobodys() throws {
        let slice = """
            {kind: EndpointSlice, addressType: IPv4, metadata: {name: k, labels: {kubernetes.io/service-name: kubernetes}},
              ports: [{name: https, port: 6443}], endpoints: [{addresses: [203.0.113.9]}, {addresses: [192.0.2.11]}]}
            """
        var cluster = try Self.cluster(Self.service(external: ["203.0.113.9"]))
        #expect(Self.served(cluster) == ["203.0.113.9"])
        for object in try Cluster.objects(slice) { cluster.add(object) }
        cluster.refresh()
        #expect(Self.served(cluster) == [])
        // On a node that is a control plane's and serves its own address, all but the API server's port.
        let policy = Self.policy { $0.addresses.servesNodeAddresses = true }
        let own = try Self.cluster(
            Self.service(ingress: ["192.0.2.11"], more: "}, {name: evil, port: 6443"), slice, policy: policy)
        #expect(own.service("web").virtualServers.filter { $0.role == .loadBalancer }.map(\.key.port) == [80])
        #expect(own.service("web").warnings.map(\.reason) == [.address])
    }

    // MARK: - Cluster IPs

    /// What 28 and 28b of the review did: an older Service's external IP is a newer Service's cluster IP.
    @Test(arguments: [false, true]) func noServiceGetsTheClusterIPOfAnother(_ isAttackerFirst: Bool) throws {
        let victim = try Cluster.objects(
            Self.service("victim", clusterIP: "10.96.7.7", created: "2026-06-01T00:00:00Z"))
        let attacker = try Cluster.objects(
            Self.service(
                "attacker", external: ["10.96.7.7", "fd00::7"], ingress: ["10.96.7.7"], more: "}, {name: b, port: 81"))
        var cluster = Cluster(isAttackerFirst ? attacker : victim, policy: Self.policy())
        for object in isAttackerFirst ? victim : attacker { cluster.add(object) }
        cluster.refresh()
        #expect(Self.served(cluster, "attacker") == [])
        #expect(cluster.service("attacker").warnings.map(\.reason) == [.address, .address, .address])
        #expect(cluster.service("attacker").warnings.first?.message.contains("Service default/victim") == true)
        #expect(cluster.index.holder(of: .endpoint(.tcp, Endpoint(.of("10.96.7.7"), port: 80)))?.name == "victim")
        // Once it is nobody's, somebody may have it, and loses it again.
        let name = ObjectIdentity(kind: "Service", name: ObjectName(namespace: "default", name: "victim"))
        cluster.index.update { $0.remove(name) }
        cluster.refresh()
        #expect(Self.served(cluster, "attacker") == ["10.96.7.7", "10.96.7.7", "fd00::7", "fd00::7"])
        for object in victim { cluster.add(object) }
        cluster.refresh()
        #expect(Self.served(cluster, "attacker") == [])
    }

    @Test func itsOwnClusterIPNamedTwiceIsOne() throws {
        let cluster = try Self.cluster(
            Self.service(external: ["10.96.0.10"]),
            "{kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [10.96.0.0/12]}}")
        #expect(cluster.service("web").virtualServers.map(\.role) == [.clusterIP, .clusterIP])
        #expect(cluster.service("web").warnings.isEmpty)
    }

    @Test func whatServiceCIDRsHoldIsForClusterIPs() throws {
        let configured = Self.policy { $0.addresses.serviceNetworks = [.of("10.43.0.0/16")] }
        let addresses = ["10.43.0.1", "10.96.200.1", "203.0.113.1"]
        var cluster = try Self.cluster(Self.service(external: addresses), policy: configured)
        #expect(Self.served(cluster) == ["10.96.200.1", "203.0.113.1"])
        // The cluster's own word goes before the configuration's.
        let object = try Cluster.objects(
            "{kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [10.96.0.0/12, \"fd00::/108\"]}}")
        for object in object { cluster.add(object) }
        cluster.refresh()
        #expect(Self.served(cluster) == ["10.43.0.1", "203.0.113.1"])
        let more = try Cluster.objects("{kind: ServiceCIDR, metadata: {name: more}, spec: {cidrs: [203.0.113.0/24]}}")
        for object in more { cluster.add(object) }
        cluster.refresh()
        #expect(Self.served(cluster) == ["10.43.0.1"])
        for name in ["more", "kubernetes"] {
            cluster.index.update {
                $0.remove(ObjectIdentity(kind: "ServiceCIDR", name: ObjectName(namespace: "", name: name)))
            }
        }
        cluster.refresh()
        #expect(Self.served(cluster) == ["10.96.200.1", "203.0.113.1"])
    }

    // MARK: - Nodes

    @Test(arguments: [("192.0.2.11", "this node"), ("192.0.2.12", "node n2"), ("2001:db8::11", "this node")])
    func anAddressOfANodeIsNoServices(_ address: String, _ words: String) throws {
        let cluster = try Self.cluster(Self.service("a", external: [address]), Self.service("b", ingress: [address]))
        for name in ["a", "b"] {
            #expect(Self.served(cluster, name) == [])
            #expect(cluster.service(name).warnings.map(\.reason) == [.address])
            #expect(cluster.service(name).warnings.first?.message.contains(words) == true)
        }
    }

    @Test func nodesComeChangeAndGo() throws {
        var cluster = try Self.cluster(Self.service(external: ["192.0.2.12", "192.0.2.13", "10.244.3.1"]))
        #expect(Self.served(cluster) == ["10.244.3.1", "192.0.2.13"])
        func set(_ address: String, _ network: String) throws {
            let text = """
                {kind: Node, metadata: {name: n2}, spec: {podCIDRs: [\(network)]}, status: {addresses: [
                  {type: InternalIP, address: \(address)}]}}
                """
            for object in try Cluster.objects(text) { cluster.add(object) }
            cluster.refresh()
        }
        try set("192.0.2.13", "10.244.3.0/24")
        #expect(Self.served(cluster) == ["192.0.2.12"])
        cluster.index.update { $0.remove(ObjectIdentity(kind: "Node", name: ObjectName(namespace: "", name: "n2"))) }
        cluster.refresh()
        #expect(Self.served(cluster) == ["10.244.3.1", "192.0.2.12", "192.0.2.13"])
    }

    /// k3s' servicelb names its nodes: each serves itself, and binds nothing.
    @Test func thisNodesAddressesAreServedWhereThePolicySaysSo() throws {
        let policy = Self.policy {
            $0.addresses.servesNodeAddresses = true
            $0.keep(DataPathSettings())
        }
        let cluster = try Self.cluster(
            Self.service(external: ["192.0.2.11", "192.0.2.12"], ingress: ["2001:db8::11", "192.0.2.12"]),
            policy: policy)
        #expect(Self.served(cluster) == ["192.0.2.11", "2001:db8::11"])
        let bound = cluster.index.dataPath.compactMap { element in
            if case .address(let address) = element { address.description } else { nil }
        }
        #expect(bound.sorted() == ["10.96.0.10", "fd00::10"])
    }

    @Test func whereNoNodeObjectIsKnownTheMachinesAddressesCount() throws {
        let policy = TranslationPolicy(nodeName: "n1", nodeAddresses: [.of("192.0.2.11")])
        let cluster = try Cluster(Self.service("a", external: ["192.0.2.11"]), policy: policy)
        #expect(Self.served(cluster, "a") == [] && cluster.service("a").warnings.count == 1)
        // Of load balancers, one may float: that it was served so far goes on.
        #expect(
            try Self.served(Cluster(Self.service("b", ingress: ["192.0.2.11"]), policy: policy), "b") == ["192.0.2.11"])
    }

    /// keepalived and kube-vip put addresses on the node's devices that are in no Node object.
    @Test func whatFloatsIsServed() throws {
        let cluster = try Self.cluster(
            Self.service("a", external: ["198.51.100.1"]), Self.service("b", ingress: ["198.51.100.1"]))
        #expect(Self.served(cluster, "a") == ["198.51.100.1"] && Self.served(cluster, "b") == ["198.51.100.1"])
        // But for the address of the pods' bridge, and an external IP that may be another tenant's Pod.
        let policy = Self.policy {
            $0.nodeAddresses.append(.of("10.200.1.1"))
            $0.addresses.podNetworks = [.of("10.200.0.0/16")]
        }
        let bridge = try Self.cluster(
            Self.service(external: ["10.200.1.1", "10.200.9.9", "10.244.2.7", "203.0.113.9"]),
            Self.service("b", ingress: ["10.200.1.1", "10.200.9.9", "10.244.2.7"]), policy: policy)
        #expect(Self.served(bridge) == ["203.0.113.9"] && Self.served(bridge, "b") == ["10.200.9.9"])
    }

    // MARK: - What the configuration says

    @Test(arguments: [
        (AddressAllowance.any, ["203.0.113.1", "198.51.100.9"]), (.none, []),
        (.networks([.of("203.0.113.0/24")]), ["203.0.113.1"]),
        (.networks([.of("203.0.113.0/24")], namespaces: ["default": [.of("198.51.100.0/24")]]), ["198.51.100.9"]),
        (.networks([], namespaces: ["other": [.of("0.0.0.0/0")]]), []),
        (.networks([.of("0.0.0.0/0")], namespaces: ["default": []]), []),
    ])
    func theConfigurationNarrows(_ allowance: AddressAllowance, _ expected: [String]) throws {
        let addresses = ["203.0.113.1", "198.51.100.9"]
        let externals = Self.policy { $0.addresses.externalIPs = allowance }
        let balancers = Self.policy { $0.addresses.loadBalancerIPs = allowance }
        for (policy, isExternal) in [(externals, true), (balancers, false)] {
            for asksExternal in [true, false] {
                let cluster = try Self.cluster(
                    Self.service(external: asksExternal ? addresses : [], ingress: asksExternal ? [] : addresses),
                    policy: policy)
                let wanted = asksExternal == isExternal ? expected : addresses
                #expect(Set(Self.served(cluster)) == Set(wanted))
                #expect(cluster.service("web").warnings.count == addresses.count - wanted.count)
            }
        }
    }

    // MARK: - Precedence

    @Test func theRoleDecidesBeforeTheAge() throws {
        let old = "2020-01-01T00:00:00Z"
        let new = "2026-01-01T00:00:00Z"
        let policy = TranslationPolicy(
            nodeName: "n1", nodeAddresses: [.of("198.51.100.1")], primaryAddresses: [.of("192.0.2.11")])
        let texts = [
            Self.service(
                "external", clusterIP: "10.96.0.1", external: ["198.51.100.1"], created: old,
                more: "}, {name: np, port: 30080"),
            Self.service("balancer", clusterIP: "10.96.0.2", ingress: ["198.51.100.1"], created: new),
            Self.service("node", clusterIP: "10.96.0.3", created: new, more: ", nodePort: 30080"),
        ]
        for order in [texts, texts.reversed()] {
            let cluster = try Cluster(order.joined(separator: "\n---\n"), policy: policy)
            func holder(_ port: UInt16) -> String? {
                cluster.index.holder(of: .endpoint(.tcp, Endpoint(.of("198.51.100.1"), port: port)))?.name
            }
            #expect(holder(80) == "balancer")
            #expect(holder(30_080) == "node")
            #expect(cluster.index.conflicts.map(\.loser.name) == ["external", "external"])
            #expect(
                Set(cluster.index.conflicts.map(\.reason)) == [
                    "whose load balancer ingress it is, not only its external IP",
                    "whose node port it is, not only its external IP",
                ])
        }
    }

    // MARK: - Cost

    /// A change of one address is a matter for those who ask for it, whoever else there is.
    @Test func onlyWhoAsksForAnAddressIsTouched() throws {
        let cluster = try Self.cluster(
            Self.service("asks", clusterIP: "10.96.0.1", external: ["192.0.2.12"]),
            Self.service("other", clusterIP: "10.96.0.2", external: ["203.0.113.1"]),
            Self.service("none", clusterIP: "10.96.0.3"))
        var state = cluster.index.cluster
        func touched(_ text: String) throws -> [String] {
            try Cluster.objects(text).flatMap { state.set($0) }.map(\.name).sorted()
        }
        func node(_ address: String, _ label: String = "a") -> String {
            """
            {kind: Node, metadata: {name: n2, labels: {topology.kubernetes.io/zone: \(label)}}, spec: {podCIDRs: [10.244.2.0/24]},
              status: {addresses: [{type: InternalIP, address: \(address)}]}}
            """
        }
        #expect(try touched(node("192.0.2.12")) == [])
        #expect(try touched(node("192.0.2.12", "b")) == [])
        #expect(try touched(node("203.0.113.1")) == ["asks", "other"])
        #expect(try touched(node("192.0.2.99")) == ["other"])
        #expect(try touched(Self.service("new", clusterIP: "10.96.0.4")) == ["new"])
        #expect(try touched(Self.service("taker", clusterIP: "203.0.113.1")) == ["other", "taker"])
    }
}
