import LoadBalancing

/// What kube-proxy in IPVS mode makes of the lab's node for a Service, and leaves when it is stopped; beside it, what is
/// the kubelet's and others'.
struct KubeProxyNode {
    let lab: Lab
    let service: LabService
    /// `nft` or `legacy`: the variant of iptables that it uses.
    let variant: String

    /// The number of a Service that was deleted while kube-proxy did not look.
    static let leftover = 77
    /// A virtual server that nobody declares, at an address that is not kube-proxy's.
    private static let foreign: [AddressFamily: String] = [.ipv4: "203.0.113.1:9999", .ipv6: "[2001:db8:113::1]:9999"]

    private var gone: LabService { LabService(name: "gone", number: Self.leftover, endpoints: service.endpoints) }
    private var context: Context { lab.context }

    func make() throws(ScenarioFailure) {
        for (name, value) in [
            ("conntrack", "1"), ("expire_nodest_conn", "1"), ("expire_quiescent_template", "1"),
        ] { try TrafficSite.set("ipv4/vs/\(name)", value) }
        try lab.ip(.node1, deviceCommands)
        try context.ipvsadm("-R", input: virtualServers.joined(separator: "\n") + "\n")
        for family in AddressFamily.allCases {
            try context.run(["ipset", "restore"], input: sets(family))
            try context.run([program(family, "restore"), "--noflush"], input: rules(family))
        }
    }

    func program(_ family: AddressFamily, _ action: String) -> String {
        "\(family == .ipv4 ? "iptables" : "ip6tables")-\(variant)-\(action)"
    }

    private var deviceCommands: [String] {
        var commands = ["kube-ipvs0", "other0"].flatMap { ["link add \($0) type dummy", "link set \($0) up"] }
        for family in AddressFamily.allCases {
            for service in [service, gone] {
                commands.append(
                    "address add \(service.clusterIP(family))/\(family.bitWidth) dev kube-ipvs0"
                        + (family == .ipv6 ? " nodad" : ""))
            }
        }
        return commands + ["address add 192.0.2.77/32 dev other0"]
    }

    // MARK: - IPVS

    private var virtualServers: [String] {
        AddressFamily.allCases.flatMap { family in
            let nodePorts = [LabPlace.node1.address(family), LabPlace.uplink(family)]
                .map { "\(Self.host($0)):\(service.nodePort)" }
            let clusterIPs = [service, gone].map { "\(Self.host($0.clusterIP(family))):\(LabService.port)" }
            return (clusterIPs + nodePorts + [Self.foreign[family] ?? ""]).flatMap { name in
                ["-A -t \(name) -s rr"]
                    + service.endpoints.map { "-a -t \(name) -r \(Self.host($0.address(family))):\(Lab.port) -m -w 1" }
            }
        }
    }

    private static func host(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }

    // MARK: - ipset

    private func sets(_ family: AddressFamily) -> String {
        let prefix = Self.prefix(family)
        let kind = family == .ipv4 ? "inet" : "inet6"
        let tail = "family \(kind) hashsize 1024 maxelem 65536"
        var lines = [
            "create \(prefix)CLUSTER-IP hash:ip,port \(tail)", "create \(prefix)IPVS-IPS hash:ip \(tail)",
            "create \(prefix)LOOP-BACK hash:ip,port,ip \(tail)", "create \(prefix)LOAD-BALANCER hash:ip,port \(tail)",
            "create \(prefix)NODE-PORT-TCP bitmap:port range 0-65535",
            "create \(prefix)HEALTH-CHECK-NODE-PORT bitmap:port range 0-65535",
            "add \(prefix)NODE-PORT-TCP \(service.nodePort)",
        ]
        for service in [service, gone] {
            lines.append("add \(prefix)CLUSTER-IP \(service.clusterIP(family)),tcp:\(LabService.port)")
            lines.append("add \(prefix)IPVS-IPS \(service.clusterIP(family))")
        }
        for pod in service.endpoints where pod.node == .node1 {
            lines.append("add \(prefix)LOOP-BACK \(pod.address(family)),tcp:\(Lab.port),\(pod.address(family))")
        }
        lines.append("create \(Self.otherSet(family)) hash:ip \(tail)")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func prefix(_ family: AddressFamily) -> String { family == .ipv4 ? "KUBE-" : "KUBE-6-" }
    private static func otherSet(_ family: AddressFamily) -> String { family == .ipv4 ? "KUBE-SRC-OTHER" : "other6" }

    // MARK: - iptables

    private func rules(_ family: AddressFamily) -> String {
        let prefix = Self.prefix(family)
        let pods = Lab.clusterCIDRs[family == .ipv4 ? 0 : 1]
        let reject = family == .ipv4 ? "icmp-port-unreachable" : "icmp6-port-unreachable"
        return """
            *mangle
            :KUBE-IPTABLES-HINT - [0:0]
            :KUBE-KUBELET-CANARY - [0:0]
            :KUBE-PROXY-CANARY - [0:0]
            COMMIT
            *filter
            :KUBE-FIREWALL - [0:0]
            :KUBE-FORWARD - [0:0]
            :KUBE-IPVS-FILTER - [0:0]
            :KUBE-IPVS-OUT-FILTER - [0:0]
            :KUBE-KUBELET-CANARY - [0:0]
            :KUBE-NODE-PORT - [0:0]
            :KUBE-PROXY-FIREWALL - [0:0]
            :KUBE-SOURCE-RANGES-FIREWALL - [0:0]
            :OTHER-FILTER - [0:0]
            -A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
            -A INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
            -A INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
            -A INPUT -j KUBE-FIREWALL
            -A INPUT -j OTHER-FILTER
            -A FORWARD -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
            -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
            -A OUTPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-OUT-FILTER
            -A KUBE-FIREWALL -m mark --mark 0x8000/0x8000 -m comment --comment "a \\"kubelet\\" drops" -j DROP
            -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -m comment --comment "kubernetes forwarding rules" -j ACCEPT
            -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A KUBE-IPVS-FILTER -m set --match-set \(prefix)LOAD-BALANCER dst,dst -j RETURN
            -A KUBE-IPVS-FILTER -m set --match-set \(prefix)CLUSTER-IP dst,dst -j RETURN
            -A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set \(prefix)IPVS-IPS dst -j REJECT --reject-with \(reject)
            -A KUBE-NODE-PORT -m set --match-set \(prefix)HEALTH-CHECK-NODE-PORT dst -j ACCEPT
            -A KUBE-SOURCE-RANGES-FIREWALL -j DROP
            -A OTHER-FILTER -m set --match-set \(Self.otherSet(family)) src -j DROP
            COMMIT
            *nat
            :KUBE-KUBELET-CANARY - [0:0]
            :KUBE-LOAD-BALANCER - [0:0]
            :KUBE-MARK-MASQ - [0:0]
            :KUBE-NODE-PORT - [0:0]
            :KUBE-POSTROUTING - [0:0]
            :KUBE-SERVICES - [0:0]
            :OTHER-NAT - [0:0]
            -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
            -A POSTROUTING -j OTHER-NAT
            -A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
            -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
            -A KUBE-NODE-PORT -p tcp -m comment --comment "Kubernetes nodeport TCP port for masquerade purpose" -m set --match-set \(prefix)NODE-PORT-TCP dst -j KUBE-MARK-MASQ
            -A KUBE-POSTROUTING -m comment --comment "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose" -m set --match-set \(prefix)LOOP-BACK dst,dst,src -j MASQUERADE
            -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
            -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
            -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
            -A KUBE-SERVICES -m set --match-set \(prefix)LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER
            -A KUBE-SERVICES ! -s \(pods) -m comment --comment "Kubernetes service cluster ip + port for masquerade purpose" -m set --match-set \(prefix)CLUSTER-IP dst,dst -j KUBE-MARK-MASQ
            -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
            -A KUBE-SERVICES -m set --match-set \(prefix)CLUSTER-IP dst,dst -j ACCEPT
            COMMIT

            """
    }

    // MARK: - Looking

    /// Everything of the node that somebody else than ipvsync may have made, line by line.
    func observed() throws(ScenarioFailure) -> [String] {
        var lines = try context.ipvsadmSave()
        lines += try context.run(["ipset", "list", "-n"]).outputLines.sorted()
        lines += try context.run(["ip", "-brief", "address", "show"]).outputLines
        lines += try context.run(["nft", "list", "tables"]).outputLines.filter { !$0.contains("ipvsync") }
        return lines + (try allSavedRules())
    }

    private func allSavedRules() throws(ScenarioFailure) -> [String] {
        try savedRules(.ipv4) + savedRules(.ipv6)
    }

    /// The rules without comments and counters.
    func savedRules(_ family: AddressFamily) throws(ScenarioFailure) -> [String] {
        try context.run([program(family, "save")]).outputLines.filter { $0.first != "#" }
            .map { String($0.prefix { $0 != "[" }) }
    }

    /// Those of the rules that are the kubelet's or others', to be asked for before and after.
    func otherRules() throws(ScenarioFailure) -> [String] {
        try allSavedRules().filter { line in !Self.chains.contains { line.contains($0) } }
    }

    /// What tells kube-proxy's lines from others'.
    private static let chains = [
        "KUBE-PROXY-CANARY", "KUBE-FORWARD", "KUBE-IPVS-", "KUBE-NODE-PORT", "KUBE-PROXY-FIREWALL",
        "KUBE-SOURCE-RANGES-FIREWALL", "KUBE-LOAD-BALANCER", "KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-SERVICES",
    ]

    /// Expects nothing of kube-proxy's, and everything of the kubelet's and of others.
    ///
    /// - Parameter others: Their rules as they were before.
    func expectOnlyOthers(_ others: [String]) throws(ScenarioFailure) {
        try expectEqual(try allSavedRules(), others, "rules")
        try expectEqual(try context.run(["ipset", "list", "-n"]).outputLines.sorted(), ["KUBE-SRC-OTHER", "other6"])
        let devices = try context.run(["ip", "-brief", "link", "show", "type", "dummy"]).outputLines
            .map { String($0.prefix { $0 != " " }) }
        try expectEqual(devices.sorted(), ["ipvsync0", "other0"], "dummy devices")
        let saved = try context.ipvsadmSave()
        for (family, name) in Self.foreign {
            try expect(saved.contains("-A -t \(name) -s rr"), "the foreign virtual server \(name) is gone")
            let address = gone.clusterIP(family)
            try expect(
                !saved.contains { $0.contains("\(Self.host(address)):") }, "the leftover at \(address) is still there")
        }
    }
}
