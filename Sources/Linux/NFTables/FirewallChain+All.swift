internal import DataPath
internal import LoadBalancing

extension FirewallChain {
    /// All chains of our table, a chain before those that lead to it.
    static func all(_ settings: FirewallSettings) -> [FirewallChain] {
        [mark(settings)] + treatments(settings) + [
            nobody, refuse, input(settings), output, postrouting(settings),
        ]
    }

    private static let markName = "mark_for_masquerade"
    private static let refuseName = "refuse"

    // MARK: - The ways into the table

    /// What comes to this host, before IPVS looks at it (priorities 98 and 99). Packets to pods do not pass here.
    private static func input(_ settings: FirewallSettings) -> FirewallChain {
        FirewallChain(
            "input", hook: Hook(type: "filter", name: "input", priority: -10),
            dispatch + [
                "tcp dport @\(ElementSet.healthCheckPorts.name) accept",
                refusal("ip", "@\(ElementSet.addresses4.name)"),
                refusal("ip6", "@\(ElementSet.addresses6.name)"),
            ] + literals(settings.servedNetworks).map { refusal($0.header, $0.networks) })
    }

    /// What this host sends, after connections are tracked (-200) and before IPVS looks at it (-99 and -98).
    private static var output: FirewallChain {
        FirewallChain("output", hook: Hook(type: "filter", name: "output", priority: -110), dispatch)
    }

    /// What leaves, real servers' addresses in place; before the rules of others, which begin at 100.
    private static func postrouting(_ settings: FirewallSettings) -> FirewallChain {
        FirewallChain(
            "postrouting", hook: Hook(type: "nat", name: "postrouting", priority: 95),
            markedRule(settings) + [
                "ip saddr . ip daddr @\(ElementSet.hairpins4.name) masquerade fully-random",
                "ip6 saddr . ip6 daddr @\(ElementSet.hairpins6.name) masquerade fully-random",
            ])
    }

    /// A mark without a bit would be found on every packet: then there is no rule.
    private static func markedRule(_ settings: FirewallSettings) -> [String] {
        let mark = settings.masqueradeMark
        guard mark != 0 else { return [] }
        let hex = hexadecimal(mark)
        return [
            "meta mark and \(hex) == \(hex) meta mark set meta mark and \(hexadecimal(~mark)) masquerade fully-random"
        ]
    }

    /// Who may not connect goes nowhere; all others go on to what happens to the Service's connections.
    private static var dispatch: [String] {
        [
            "ct state new ip daddr . meta l4proto . th dport vmap @\(ElementSet.guards4.name)",
            "ct state new ip6 daddr . meta l4proto . th dport vmap @\(ElementSet.guards6.name)",
            "ct state new ip daddr . meta l4proto . th dport vmap @\(ElementSet.services4.name)",
            "ct state new ip6 daddr . meta l4proto . th dport vmap @\(ElementSet.services6.name)",
        ]
    }

    /// A port of a Service's address that is no service: the host's own servers must not be reached there.
    private static func refusal(_ header: String, _ addresses: String) -> String {
        "ct state new \(header) daddr \(addresses) meta l4proto { tcp, udp, sctp } goto \(refuseName)"
    }

    // MARK: - The ways through it

    private static func mark(_ settings: FirewallSettings) -> FirewallChain {
        FirewallChain(markName, ["meta mark set meta mark or \(hexadecimal(settings.masqueradeMark))"])
    }

    private static var refuse: FirewallChain {
        FirewallChain(
            refuseName, ["meta l4proto tcp reject with tcp reset", "reject with icmpx type port-unreachable"])
    }

    private static func treatments(_ settings: FirewallSettings) -> [FirewallChain] {
        ServiceTreatment.Masquerade.allCases.map { masquerade in
            FirewallChain(masquerade.chainName, rules(masquerade, settings))
        }
    }

    private static func rules(_ masquerade: ServiceTreatment.Masquerade, _ settings: FirewallSettings) -> [String] {
        // The host's own connections would come from the Service's address, which it has taken as its own.
        let node = "fib saddr type local goto \(markName)"
        return switch masquerade {
        case .never: []
        case .node: [node]
        case .outsidePods: [node] + outsidePods(settings)
        case .always: ["goto \(markName)"]
        }
    }

    private static func outsidePods(_ settings: FirewallSettings) -> [String] {
        guard !settings.masqueradesAll else { return ["goto \(markName)"] }
        return literals(settings.podNetworks).map { "\($0.header) saddr != \($0.networks) goto \(markName)" }
    }

    /// Networks as a set without a name, for each family that has any.
    private static func literals(_ networks: [IPPrefix]) -> [(header: String, networks: String)] {
        [("ip", AddressFamily.ipv4), ("ip6", .ipv6)].compactMap { header, family in
            let own = networks.filter { $0.address.family == family }.outermost
            guard !own.isEmpty else { return nil }
            return (header, "{ " + own.map(\.description).joined(separator: ", ") + " }")
        }
    }

    /// What guards a virtual server that nobody may use.
    private static var nobody: FirewallChain { FirewallChain(SourceList.nobodyName, ["drop"]) }

    private static func hexadecimal(_ value: UInt32) -> String { "0x" + String(value, radix: 16) }
}
