import DataPath
import Glibc
import LoadBalancing
import NFTables
import TestSupport

extension Scenario {
    /// Our nftables table on a real kernel, by the real program `nft`.
    static let nftables: [Scenario] = firewallContract + firewallNeighbours + firewallPackets

    private static func nftables(
        _ name: String, timeLimit: Duration = Patience.scenario, _ body: @escaping @Sendable (Context) throws -> Void
    ) -> Scenario {
        Scenario("nftables: \(name)", tags: [.fullKernel], timeLimit: timeLimit) { try body($0) }
    }

    private static let firewallContract: [Scenario] = FirewallContract.all.map { contract in
        nftables(contract.name) { _ in try contract.check(KernelFirewall()) }
    }

    // MARK: - Sizes and others

    private static let firewallNeighbours: [Scenario] = [
        nftables("5,000 Services and a full node of Pods") { _ in
            let table = KernelFirewall()
            let state = FirewallState(settings: FirewallSettings(), elements: manyElements)
            try measure("replace with \(state.elements.count) elements") {
                try table.commit(.replacing(with: state))
            }
            let observed = try measure("read") { try table.read() }
            try expect(FirewallDifference.between(state, observed).isEmpty, "the table is not what was written")
            let change = FirewallTransaction.changing(
                added: [.hairpin(IPAddress(v4: 1))], removed: [.hairpin(IPAddress(v4: 0x0AF4_0000))])
            try measure("one element for another") { try table.commit(change) }
            measure("100 generations") { for _ in 0..<100 { _ = table.generation() } }
            try measure("remove") { try table.commit(.removal) }
        },
        nftables("hundreds of lists of sources") { _ in
            let table = KernelFirewall()
            let settings = FirewallSettings()
            try table.commit(.replacing(with: FirewallState(settings: settings, elements: [])))
            let lists = (0..<600).map { (number: UInt32) in
                let first = IPAddress(v4: 0x0B00_0000 + number * 16)
                return SourceList(.ipv4, merging: [first...first])
            }
            var known: Set<DataPathElement> = []
            for (round, part) in stride(from: 0, to: lists.count, by: 200).map({ lists[$0..<($0 + 200)] }).enumerated()
            {
                let added = part.enumerated().flatMap { index, list -> [DataPathElement] in
                    let address = IPAddress(v4: 0x0A61_0000 + UInt32(round * 200 + index))
                    return [.sources(list), .guarded(.endpoint(.tcp, Endpoint(address, port: 80)), list)]
                }
                try measure("200 lists beside \(round * 200)") {
                    try table.commit(.changing(added: added, removed: []))
                }
                known.formUnion(added)
            }
            let observed = try measure("read") { try table.read() }
            try expect(observed?.elements == known, "the table is not what was written")
            try measure("remove all") { try table.commit(.changing(added: [], removed: known)) }
            let long = (0..<20).map { (number: UInt32) in
                SourceList(
                    .ipv4,
                    merging: (0..<1_000).map { (range: UInt32) in
                        let first = IPAddress(v4: 0x1400_0000 + number << 16 + range * 4)
                        return first...first
                    })
            }
            try measure("20 lists of 1,000 sources") {
                try table.commit(.changing(added: long.map { .sources($0) }, removed: []))
            }
        },
        nftables("a table of the layout before is replaced as a whole") { context in
            let table = KernelFirewall()
            let state = FirewallState(settings: FirewallSettings(), elements: someElements)
            // Of version 0.2, abridged: sources by port, in one set.
            try context.run(["nft", "-f", "-"], input: layoutBefore)
            let difference = FirewallDifference.between(state, try table.read())
            try expect(difference.transaction(to: state) == .replacing(with: state), "\(difference)")
            try table.commit(difference.transaction(to: state))
            try expect(FirewallDifference.between(state, try table.read()).isEmpty, "the table is not what was written")
            let listing = try context.run(["nft", "list", "table", "inet", "ipvsync"]).output
            try expect(!listing.contains("restricted_"), "something of the old layout is left:\n\(listing)")
        },
        nftables("the tables of others stay as they are") { context in
            try context.run(["nft", "-f", "-"], input: foreignTables)
            let before = try context.run(["nft", "-a", "list", "ruleset"]).output
            let table = KernelFirewall()
            try table.commit(.replacing(with: FirewallState(settings: FirewallSettings(), elements: someElements)))
            for name in ["ip ipvsync", "inet kube-proxy"] {
                let listing = try context.run(
                    ["nft", "-a", "list", "table"] + name.split(separator: " ").map(String.init))
                try expect(before.contains(listing.output), "\(name) is not what it was:\n\(listing.output)")
            }
            try table.commit(.changing(added: [.healthCheckPort(9)], removed: [.healthCheckPort(30_000)]))
            try table.commit(.removal)
            try expectEqual(try context.run(["nft", "-a", "list", "ruleset"]).output, before)
        },
        nftables("what others do to the table is found and put right") { context in
            let state = FirewallState(settings: FirewallSettings(podNetworks: podNetworks), elements: someElements)
            let table = KernelFirewall()
            for (command, isReplaced) in damages {
                try table.commit(.replacing(with: state))
                let generation = table.generation()
                try context.run(["bash", "-c", command])
                try expect(table.generation() != generation, "`\(command)` does not show in the generation")
                let difference = FirewallDifference.between(state, try table.read())
                try expect(!difference.isEmpty, "`\(command)` was not noticed")
                var replaces = false
                if case .replacement = difference { replaces = true }
                try expectEqual(replaces, isReplaced, "replacement after `\(command)`")
                try table.commit(difference.transaction(to: state))
                let repaired = try table.read()
                try expect(FirewallDifference.between(state, repaired).isEmpty, "`\(command)` was not put right")
            }
        },
        nftables("a failure names the element, or those that it is among") { _ in
            let table = KernelFirewall()
            try table.commit(.replacing(with: FirewallState(settings: FirewallSettings(), elements: someElements)))
            for (ports, place) in [
                ([7], "at health_check_ports 7"), ([30_000, 7], "among 2 elements of health_check_ports"),
            ] as [([UInt16], String)] {
                var message = ""
                do {
                    try table.commit(.changing(added: [], removed: ports.map(DataPathElement.healthCheckPort)))
                } catch {
                    message = "\(error)"
                }
                try expectEqual(message, "change the table inet ipvsync: No such file or directory \(place)")
            }
        },
    ]

    @discardableResult
    private static func measure<Value>(_ name: String, _ body: () throws -> Value) rethrows -> Value {
        let start = ContinuousClock.now
        let value = try body()
        print("\(name): \(ContinuousClock.now - start)")
        return value
    }

    private static var manyElements: [DataPathElement] {
        (0..<5_000).flatMap { number -> [DataPathElement] in
            let address = IPAddress(v4: 0x0A60_0000 + UInt32(number))
            let key = VirtualServerKey.endpoint(.tcp, Endpoint(address, port: 80))
            return [.address(address), .service(key, ServiceTreatment(.outsidePods))]
        } + (0..<250).map { .hairpin(IPAddress(v4: 0x0AF4_0000 + $0)) }
    }

    private static var podNetworks: [IPPrefix] {
        ["10.244.0.0/16", "10.245.0.0/16", "fd00:244::/64"].compactMap { IPPrefix($0) }
    }

    private static var someElements: [DataPathElement] {
        let addresses = ["10.96.0.1", "fd00:96::1"].compactMap { IPAddress($0) }
        return addresses.flatMap { address -> [DataPathElement] in
            let key = VirtualServerKey.endpoint(.tcp, Endpoint(address, port: 80))
            return [.address(address), .hairpin(address), .service(key, ServiceTreatment(.always))]
        } + someGuards + [.healthCheckPort(30_000), .healthCheckPort(30_001)]
    }

    private static var someGuards: [DataPathElement] {
        let lists = ["192.0.2.0/24", "2001:db8::/32"].compactMap { IPPrefix($0) }.map {
            SourceList($0.address.family, [$0])
        }
        return zip(["10.96.0.1", "fd00:96::1"], lists).compactMap { text, list in
            IPAddress(text).map { .guarded(.endpoint(.tcp, Endpoint($0, port: 80)), list) }
        }
    }

    private static let layoutBefore = """
        table inet ipvsync {
            set addresses4 { type ipv4_addr; elements = { 10.96.0.1 }; }
            map services4 { type ipv4_addr . inet_proto . inet_service : verdict; }
            set sources4 { type ipv4_addr . inet_proto . inet_service . ipv4_addr; flags interval; }
            chain external {
                meta mark set meta mark or 0x4000 comment "1"
            }
            chain restricted_external {
                ip daddr . meta l4proto . th dport . ip saddr @sources4 goto external comment "2"
                drop comment "3"
            }
            chain input {
                type filter hook input priority -10; policy accept;
                ct state new ip daddr . meta l4proto . th dport vmap @services4 comment "4"
            }
        }
        add element inet ipvsync sources4 { 10.96.0.1 . tcp . 80 . 192.0.2.0/24 }
        add element inet ipvsync services4 { 10.96.0.1 . tcp . 80 : goto restricted_external }

        """

    private static let foreignTables = """
        table ip ipvsync {
            set addresses4 { type ipv4_addr; elements = { 10.96.0.1 }; }
            chain input { type filter hook input priority 0; ip saddr @addresses4 counter drop; }
        }
        table inet kube-proxy {
            map services4 { type ipv4_addr . inet_proto . inet_service : verdict; }
            chain input { type filter hook input priority 5; ct state new accept; }
        }

        """

    /// What somebody does, and whether the table has to be replaced then.
    private static let damages: [(String, Bool)] = {
        let our = "inet ipvsync"
        let list = "$(nft list table \(our) | grep -o 'sources4_[0-9a-f]*' | head -n 1)"
        func handle(_ pattern: String) -> String {
            "$(nft -a list table \(our) | sed -n 's/.*\(pattern).* handle \\([0-9]*\\)$/\\1/p' | head -n 1)"
        }
        return [
            ("nft delete table \(our)", true),
            ("nft flush table \(our)", true),
            ("nft delete rule \(our) input handle \(handle("th dport vmap @services6"))", true),
            ("nft delete rule \(our) cluster_ip handle \(handle("ip saddr != "))", true),
            ("nft replace rule \(our) refuse handle \(handle("reject with tcp reset")) accept", true),
            ("nft insert rule \(our) postrouting accept", true),
            ("nft 'chain \(our) input { policy drop; }'", true),
            ("nft 'add chain \(our) mine'", true),
            ("nft 'add set \(our) mine { type ipv4_addr; }'", true),
            ("nft 'add counter \(our) mine'", true),
            ("nft 'add table \(our) { flags dormant; }'", true),
            ("nft 'add element \(our) services4 { 10.96.0.1 . tcp . 81 : drop }'", true),
            ("nft 'add element \(our) hairpins4 { 10.96.0.1 . 10.96.0.2 }'", true),
            ("nft delete rule \(our) \(list) handle \(handle("ip saddr != @"))", true),
            ("nft insert rule \(our) \(list) accept", true),
            ("nft \"add element \(our) \(list) { 203.0.113.9 }\"", true),
            ("nft flush set \(our) \(list)", true),
            ("nft 'delete element \(our) guards4 { 10.96.0.1 . tcp . 80 }'", false),
            (
                "list=\(list); nft \"delete element \(our) guards4 { 10.96.0.1 . tcp . 80 }; flush chain \(our) $list; "
                    + "delete chain \(our) $list; delete set \(our) $list\"", false
            ),
            ("nft 'add element \(our) guards4 { 10.96.0.1 . tcp . 81 : jump nobody }'", false),
            ("nft 'delete element \(our) services4 { 10.96.0.1 . tcp . 80 }'", false),
            ("nft 'add element \(our) services4 { 10.96.0.1 . tcp . 81 : goto direct }'", false),
            ("nft 'flush set \(our) hairpins6'", false),
            (
                "nft 'delete element \(our) services4 { 10.96.0.1 . tcp . 80 }; "
                    + "add element \(our) services4 { 10.96.0.1 . tcp . 80 : goto direct }'", false
            ),
        ]
    }()

    // MARK: - Packets

    private static let firewallPackets: [Scenario] = [
        nftables("connections get the node's address where they have to") { context in
            let site = try FirewallSite(context)
            for family in FirewallSite.families {
                let (outside, node) = (Answer.from(family.client), Answer.from(family.node))
                for (treatment, expected) in [
                    (.never, outside), (.node, outside), (.outsidePods, node), (.always, node),
                ] as [(ServiceTreatment.Masquerade, Answer)] {
                    try site.treat(treatment)
                    let subject = "\(family.family) \(treatment)"
                    try expectEqual(try site.ask(family, from: family.client, in: site.client), expected, subject)
                    guard treatment != .never else { continue }
                    try expectEqual(try site.ask(family, in: nil), node, "\(subject) from the node itself")
                }
            }
        },
        nftables("an endpoint reaches itself") { context in
            let site = try FirewallSite(context)
            for family in FirewallSite.families {
                try site.treat(.outsidePods)
                try expectEqual(try site.ask(family, in: site.pod), .silence, "\(family.family) without a hairpin")
                try site.treat(.outsidePods, hairpins: true)
                try expectEqual(try site.ask(family, in: site.pod), .from(family.node), "\(family.family)")
                try expectEqual(
                    try site.ask(family, from: family.client, in: site.client), .from(family.node), "\(family.family)")
            }
        },
        nftables("only listed sources reach a restricted Service") { context in
            let site = try FirewallSite(context)
            for treatment in ServiceTreatment.Masquerade.allCases {
                try site.treat(treatment, sources: ["192.0.2.8/30", "2001:db8:1::11"])
                for family in FirewallSite.families {
                    let source = [.never, .node].contains(treatment) ? family.client : family.node
                    let subject = "\(family.family) \(treatment)"
                    try expectEqual(
                        try site.ask(family, from: family.client, in: site.client), .from(source), subject)
                    try expectEqual(
                        try site.ask(family, from: family.otherClient, in: site.client), .silence, subject)
                }
            }
        },
        nftables("a port of a Service's address that is no service is refused") { context in
            let site = try FirewallSite(context)
            // The node's own servers, which listen on every address.
            let own = try [9_998, 9_999].map { (port) throws(ScenarioFailure) in
                try PeerServer(FirewallSite.families.map(\.service), port: port)
            }
            defer { withExtendedLifetime(own) {} }
            try site.treat(.node, healthCheckPort: 9_998)
            for family in FirewallSite.families {
                for namespace in [site.client, nil] {
                    let subject = "\(family.family) from \(namespace == nil ? "the node" : "the client")"
                    try expectEqual(try site.ask(family, port: 9_999, in: namespace), .refused, subject)
                    let health = try site.ask(family, port: 9_998, in: namespace)
                    try expect(health != .refused && health != .silence, "\(subject): health check \(health)")
                }
                let datagram = try site.client.inside { () throws(ScenarioFailure) in
                    try Answer.send(family.service, port: 9_999)
                }
                try expectEqual(datagram, .refused, "\(family.family) datagram")
                try expectEqual(
                    try site.ask(family, from: family.client, in: site.client), .from(family.client), "\(family.family)"
                )
            }
            try site.table.commit(.removal)
            for family in FirewallSite.families {
                let reached = try site.ask(family, port: 9_999, from: family.client, in: site.client)
                try expectEqual(reached, .from(family.client), "\(family.family) without the table")
            }
        },
    ]
}
