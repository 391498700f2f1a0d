import Testing

@testable import KubeProxy

@Suite struct IPTablesRemovalTests {
    private func removal(_ text: String) throws -> IPTablesRemoval {
        IPTablesRemoval(try IPTablesDump(text, program: "iptables-save"))
    }

    private static func table(_ name: String, chains: [String], rules: [String]) -> String {
        (["*\(name)", ":INPUT ACCEPT [0:0]"] + chains.map { ":\($0) - [0:0]" } + rules + ["COMMIT", ""])
            .joined(separator: "\n")
    }

    @Test func whatIPVSModeLeavesGoesAndNothingElse() throws {
        let removal = try removal(Dumps.ipvs)
        #expect(
            removal.input == """
                *mangle
                :KUBE-PROXY-CANARY - [0:0]
                -X KUBE-PROXY-CANARY
                COMMIT
                *filter
                :KUBE-FORWARD - [0:0]
                :KUBE-IPVS-FILTER - [0:0]
                :KUBE-IPVS-OUT-FILTER - [0:0]
                :KUBE-NODE-PORT - [0:0]
                :KUBE-PROXY-FIREWALL - [0:0]
                :KUBE-SOURCE-RANGES-FIREWALL - [0:0]
                -D INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
                -D INPUT -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
                -D INPUT -m comment --comment "kubernetes health check rules" -j KUBE-NODE-PORT
                -D FORWARD -m comment --comment "kube-proxy firewall rules" -j KUBE-PROXY-FIREWALL
                -D FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
                -D OUTPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-OUT-FILTER
                -X KUBE-FORWARD
                -X KUBE-IPVS-FILTER
                -X KUBE-IPVS-OUT-FILTER
                -X KUBE-NODE-PORT
                -X KUBE-PROXY-FIREWALL
                -X KUBE-SOURCE-RANGES-FIREWALL
                COMMIT
                *nat
                :KUBE-LOAD-BALANCER - [0:0]
                :KUBE-MARK-MASQ - [0:0]
                :KUBE-NODE-PORT - [0:0]
                :KUBE-POSTROUTING - [0:0]
                :KUBE-SERVICES - [0:0]
                -D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
                -D OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
                -D POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
                -X KUBE-LOAD-BALANCER
                -X KUBE-MARK-MASQ
                -X KUBE-NODE-PORT
                -X KUBE-POSTROUTING
                -X KUBE-SERVICES
                COMMIT

                """)
        #expect(removal.kept == [])
        #expect(removal.usedSets == [])
        #expect((removal.chainCount, removal.jumpCount) == (12, 9))
    }

    @Test func theKubeletsFirewallIsNotTheOldProxys() throws {
        let chains = ["KUBE-FIREWALL", "KUBE-MARK-DROP"]
        let rules = ["-A INPUT -j KUBE-FIREWALL"]
        #expect(try removal(Self.table("filter", chains: chains, rules: rules)).isEmpty)
        let removal = try removal(Self.table("nat", chains: chains, rules: rules))
        #expect(removal.parts.map(\.chains) == [chains])
        #expect(removal.parts.flatMap(\.jumps).map(\.specification) == ["-j KUBE-FIREWALL"])
    }

    @Test func iptablesModesChainsGo() throws {
        let going = ["KUBE-SVC-ABC", "KUBE-SVL-ABC", "KUBE-SEP-ABC", "KUBE-EXT-ABC", "KUBE-FW-ABC", "KUBE-XLB-ABC"]
        let staying = [
            "KUBE-SVC-", "KUBE-HOSTPORTS", "KUBE-NWPLCY-ABC", "KUBE-POD-FW-ABC", "KUBE-ROUTER-INPUT", "kube-x",
        ]
        let removal = try removal(Self.table("nat", chains: going + staying, rules: []))
        #expect(removal.parts.map(\.chains) == [going])
    }

    @Test func aChainThatOthersUseStaysWithAllThatItLeadsTo() throws {
        let removal = try removal(
            Self.table(
                "nat", chains: ["KUBE-SERVICES", "KUBE-MARK-MASQ", "KUBE-NODE-PORT", "KUBE-HOSTPORTS"],
                rules: [
                    "-A INPUT -j KUBE-SERVICES", "-A INPUT -j KUBE-NODE-PORT", "-A KUBE-HOSTPORTS -g KUBE-NODE-PORT",
                    "-A KUBE-SERVICES -j KUBE-MARK-MASQ",
                    "-A KUBE-NODE-PORT -m set --match-set KUBE-A dst -j KUBE-MARK-MASQ",
                    "-A KUBE-SERVICES -m set --match-set KUBE-B dst -j RETURN",
                    "-A INPUT -m set ! --match-set OTHER src -j DROP",
                ]))
        #expect(removal.parts.map(\.chains) == [["KUBE-SERVICES"]])
        #expect(removal.parts.flatMap(\.jumps).map(\.specification) == ["-j KUBE-SERVICES"])
        #expect(
            removal.kept == [
                "the chain KUBE-MARK-MASQ of the table nat stays: one that stays leads into it",
                "the chain KUBE-NODE-PORT of the table nat stays: "
                    + "the chain KUBE-HOSTPORTS, which is not kube-proxy's, leads into it",
            ])
        #expect(removal.usedSets == ["KUBE-A", "OTHER"])
    }

    @Test func aRuleOfSomebodyElseInABuiltInChainGoesAsItStands() throws {
        let rule = #"-m comment --comment "a \"b\" -j DROP \\" -j KUBE-SERVICES"#
        let removal = try removal(
            Self.table("nat", chains: ["KUBE-SERVICES"], rules: ["-A INPUT \(rule)", "-A INPUT -j ACCEPT"]))
        #expect(removal.input.contains("\n-D INPUT \(rule)\n"))
        #expect(removal.jumpCount == 1)
    }

    @Test func commentsAreNoTargets() throws {
        let removal = try removal(
            Self.table(
                "nat", chains: ["KUBE-SERVICES", "MINE"],
                rules: [#"-A MINE -m comment --comment "-j KUBE-SERVICES" -j RETURN"#]))
        #expect(removal.parts.map(\.chains) == [["KUBE-SERVICES"]])
        #expect(removal.kept == [])
    }

    @Test func tablesThatAreNotShownAreMentioned() throws {
        let removal = try removal("# Table `nat' is incompatible, use 'nft' tool.\n")
        #expect(removal.isEmpty)
        #expect(removal.kept.count == 1 && removal.kept[0].contains("table nat"))
    }

    @Test(arguments: ["", "\n", "# nothing\n", "*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n"])
    func nothingToRemove(_ text: String) throws {
        let removal = try removal(text)
        #expect(removal.isEmpty && removal.kept == [] && removal.input == "")
    }

    @Test(arguments: [
        "*nat\n", "*nat\n:INPUT ACCEPT [0:0]\n", "COMMIT\n", "-A INPUT -j DROP\n", "*nat\n*filter\nCOMMIT\n",
        "*nat\n:INPUT\nCOMMIT\n", "*nat\n: - [0:0]\nCOMMIT\n", "*nat\n:A - x\nCOMMIT\n", "*nat x\nCOMMIT\n",
        "*\nCOMMIT\n",
        "*nat\n-D INPUT\nCOMMIT\n", "*nat\n-A INPUT --comment \"x\nCOMMIT\n",
        "*nat\n-A INPUT --comment \"x\\\"\nCOMMIT\n",
        "*nat\n-A INPUT a\"b\nCOMMIT\n", "*nat\n-A  \nCOMMIT\n", "*nat\n-A INPUT\t-j X\nCOMMIT\n", "*nat\rCOMMIT\n",
        "iptables-save: something\n",
    ])
    func whatMakesNoSense(_ text: String) {
        #expect(throws: LeftoverError.self) { try IPTablesDump(text, program: "iptables-save") }
    }
}
