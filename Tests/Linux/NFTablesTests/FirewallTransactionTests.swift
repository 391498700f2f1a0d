import DataPath
import LoadBalancing
import TestSupport
import Testing

@testable import NFTables

@Suite struct FirewallTransactionTests {
    @Test func aWholeTableIsOneTransaction() throws {
        // The comments are hashes of the rules before them.
        let script = FirewallTransaction.replacing(with: try Samples.small()).script
        let text = script.replacing(#/ comment "[0-9a-f]+"/#, with: "")
            .replacing(#/sources4_[0-9a-f]{32}/#, with: "sources4_X")
        #expect(text == wholeTable)
        #expect(script.matches(of: #/ comment "[0-9a-f]+"/#).count == 24)
    }

    @Test func theOrderDoesNotDependOnHashing() throws {
        var random = RandomElements(seed: 5)
        let elements = random.elements(500)
        let texts = (0..<5).map { _ in
            FirewallTransaction.replacing(
                with: FirewallState(settings: FirewallSettings(), elements: elements.shuffled())
            ).text
        }
        #expect(Set(texts).count == 1)
    }

    @Test func deletionsComeFirst() throws {
        let web = Samples.web
        let transaction = FirewallTransaction.changing(
            added: [.service(web, ServiceTreatment(.always)), .hairpin(try Samples.address("fd00::2"))],
            removed: [.service(web, ServiceTreatment(.node)), .healthCheckPort(30_000), .healthCheckPort(9)])
        #expect(
            transaction.script == """
                delete element inet ipvsync services4 {
                10.96.0.1 . tcp . 80
                }
                delete element inet ipvsync health_check_ports {
                9,
                30000
                }
                add element inet ipvsync services4 {
                10.96.0.1 . tcp . 80 : goto external
                }
                add element inet ipvsync hairpins6 {
                fd00::2 . fd00::2
                }

                """)
        #expect(
            transaction.lines == [
                "- services4 10.96.0.1 . tcp . 80 : goto local", "- health_check_ports 9", "- health_check_ports 30000",
                "+ services4 10.96.0.1 . tcp . 80 : goto external", "+ hairpins6 fd00::2 . fd00::2",
            ])
        #expect(transaction.addedCount == 2)
        #expect(transaction.removedCount == 3)
        #expect(!transaction.isEmpty)
    }

    @Test func whatComesAndGoesStays() {
        let transaction = FirewallTransaction.changing(added: [.healthCheckPort(1)], removed: [.healthCheckPort(1)])
        #expect(transaction.isEmpty)
        #expect(transaction.text.isEmpty)
    }

    @Test func networksThatAreServedWholeAreRefusedWhole() throws {
        let settings = FirewallSettings(servedNetworks: [
            try Samples.network("10.96.0.0/12"), try Samples.network("10.97.0.0/16"), try Samples.network("fd00::/108"),
        ])
        let script = FirewallTransaction.replacing(with: FirewallState(settings: settings, elements: [])).script
        let refusal = "meta l4proto { tcp, udp, sctp } goto refuse"
        #expect(script.contains("ct state new ip daddr { 10.96.0.0/12 } \(refusal)"))
        #expect(script.contains("ct state new ip6 daddr { fd00::/108 } \(refusal)"))
        #expect(FirewallShape(settings) != FirewallShape(FirewallSettings()))
    }

    @Test func removalDoesNotDependOnTheTable() {
        #expect(FirewallTransaction.removal.script == "add table inet ipvsync\ndelete table inet ipvsync\n")
        #expect(FirewallTransaction.removal.lines == ["- table inet ipvsync"])
    }

    @Test(arguments: 0..<20) func everyStatementIsAboutOurTable(seed: UInt64) throws {
        var random = RandomElements(seed: seed)
        let networks = [try Samples.network("10.0.0.0/8"), try Samples.network("fd00::/8")]
        let settings = FirewallSettings(
            masqueradeMark: .max >> UInt32(seed), masqueradesAll: seed % 2 == 0, podNetworks: networks)
        let state = FirewallState(settings: settings, elements: random.elements(200))
        let changes = FirewallTransaction.changing(added: random.elements(50), removed: random.elements(50))
        for transaction in [.replacing(with: state), changes, .removal] {
            for statement in try statements(transaction.script) {
                #expect(
                    statement.contains(
                        #/^((add|delete|flush) (element|table|set|chain|rule)|table) inet ipvsync( |$)/#),
                    "\(statement)")
            }
        }
    }

    /// The outermost statements of a script; the characters of which it consists can make no others.
    private func statements(_ script: String) throws -> [String] {
        #expect(script.contains(#/^[a-z0-9_ .,:;{}@=!"\/\n\-]*$/#))
        var depth = 0
        var found: [String] = []
        for line in script.split(separator: "\n") {
            if depth == 0 { found.append(String(line)) }
            depth += line.count { $0 == "{" } - line.count { $0 == "}" }
            #expect(depth >= 0)
        }
        #expect(depth == 0)
        return found
    }

    private let wholeTable = """
        add table inet ipvsync
        delete table inet ipvsync
        table inet ipvsync {
            set addresses4 { type ipv4_addr; }
            set addresses6 { type ipv6_addr; }
            map services4 { type ipv4_addr . inet_proto . inet_service : verdict; }
            map services6 { type ipv6_addr . inet_proto . inet_service : verdict; }
            map guards4 { type ipv4_addr . inet_proto . inet_service : verdict; }
            map guards6 { type ipv6_addr . inet_proto . inet_service : verdict; }
            set hairpins4 { type ipv4_addr . ipv4_addr; }
            set hairpins6 { type ipv6_addr . ipv6_addr; }
            set health_check_ports { type inet_service; }
            chain mark_for_masquerade {
                meta mark set meta mark or 0x4000
            }
            chain direct {
            }
            chain local {
                fib saddr type local goto mark_for_masquerade
            }
            chain cluster_ip {
                fib saddr type local goto mark_for_masquerade
                ip saddr != { 10.244.0.0/16 } goto mark_for_masquerade
                ip6 saddr != { fd00:10::/56 } goto mark_for_masquerade
            }
            chain external {
                goto mark_for_masquerade
            }
            chain nobody {
                drop
            }
            chain refuse {
                meta l4proto tcp reject with tcp reset
                reject with icmpx type port-unreachable
            }
            chain input {
                type filter hook input priority -10; policy accept;
                ct state new ip daddr . meta l4proto . th dport vmap @guards4
                ct state new ip6 daddr . meta l4proto . th dport vmap @guards6
                ct state new ip daddr . meta l4proto . th dport vmap @services4
                ct state new ip6 daddr . meta l4proto . th dport vmap @services6
                tcp dport @health_check_ports accept
                ct state new ip daddr @addresses4 meta l4proto { tcp, udp, sctp } goto refuse
                ct state new ip6 daddr @addresses6 meta l4proto { tcp, udp, sctp } goto refuse
            }
            chain output {
                type filter hook output priority -110; policy accept;
                ct state new ip daddr . meta l4proto . th dport vmap @guards4
                ct state new ip6 daddr . meta l4proto . th dport vmap @guards6
                ct state new ip daddr . meta l4proto . th dport vmap @services4
                ct state new ip6 daddr . meta l4proto . th dport vmap @services6
            }
            chain postrouting {
                type nat hook postrouting priority 95; policy accept;
                meta mark and 0x4000 == 0x4000 meta mark set meta mark and 0xffffbfff masquerade fully-random
                ip saddr . ip daddr @hairpins4 masquerade fully-random
                ip6 saddr . ip6 daddr @hairpins6 masquerade fully-random
            }
        }
        add set inet ipvsync sources4_X { type ipv4_addr; flags interval; elements = {
        192.0.2.0-192.0.2.255,
        198.51.100.7
        } }
        add chain inet ipvsync sources4_X
        flush chain inet ipvsync sources4_X
        add rule inet ipvsync sources4_X ip saddr != @sources4_X drop
        add element inet ipvsync addresses4 {
        10.96.0.1
        }
        add element inet ipvsync addresses6 {
        fd00::1
        }
        add element inet ipvsync services4 {
        10.96.0.1 . tcp . 80 : goto external
        }
        add element inet ipvsync services6 {
        fd00::1 . udp . 53 : goto cluster_ip
        }
        add element inet ipvsync guards4 {
        10.96.0.1 . tcp . 80 : jump sources4_X
        }
        add element inet ipvsync hairpins4 {
        10.244.1.2 . 10.244.1.2,
        10.244.1.3 . 10.244.1.3
        }
        add element inet ipvsync health_check_ports {
        30000
        }

        """
}
