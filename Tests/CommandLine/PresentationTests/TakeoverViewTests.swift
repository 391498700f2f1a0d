// swift-format-ignore-file: NeverForceUnwrap

import Documents
import KubeProxy
import LoadBalancing
import Reconcile
import TestSupport
import Testing

@testable import Agent
@testable import Presentation

@Suite struct TakeoverViewTests {
    private func view(isPreview: Bool, kept: [String] = []) throws -> TakeoverView {
        let dump = try IPTablesDump(
            """
            *nat
            :PREROUTING ACCEPT [0:0]
            :KUBE-SERVICES - [0:0]
            -A PREROUTING -m comment --comment "portals" -j KUBE-SERVICES
            COMMIT
            """, program: "iptables-save")
        let variant = IPTablesVariant(save: "/usr/sbin/ip6tables-nft-save", restore: "/usr/sbin/ip6tables-nft-restore")
        return TakeoverView(
            sync: PlanView(SyncReport(), names: Ledger(), isPreview: isPreview),
            steps: [
                .removeRules(IPTablesRemoval(dump), from: variant), .destroySet("KUBE-CLUSTER-IP"),
                .deleteTable("ip kube-proxy"), .removeVirtualServer(VirtualServerKey("tcp 10.96.0.9:80")!),
                .removeDevice("kube-ipvs0", addresses: 2),
            ], kept: kept, isPreview: isPreview)
    }

    @Test func everyStepHasItsLine() throws {
        let lines = try view(isPreview: true, kept: ["the chain\tX stays"]).lines(for: Terminal(showsColours: false))
        #expect(
            lines == [
                "Nothing to do.", "- ip6tables-nft: 1 chains and 1 rules that lead into them",
                "    nat: rule PREROUTING -m comment --comment \"portals\" -j KUBE-SERVICES",
                "    nat: chain KUBE-SERVICES", "- ipset KUBE-CLUSTER-IP", "- nftables table ip kube-proxy",
                "- virtual server tcp 10.96.0.9:80", "- device kube-ipvs0 with 2 addresses",
                "Left: the chain\\tX stays",
                "Of kube-proxy's, 5 things would be removed.",
            ])
        #expect(
            try view(isPreview: false).lines(for: Terminal(showsColours: false)).last
                == "Of kube-proxy's, 5 things removed.")
    }

    @Test func theDocumentHasEverything() throws {
        let text = try view(isPreview: false, kept: ["x"]).document.json()
        let document = try #require(try YAMLNode.documents(in: text).first)
        let steps = try #require(document["steps"]?.sequence)
        #expect(steps.map { $0["remove"]?.scalar?.text } == ["rules", "set", "table", "virtualServer", "device"])
        let table = try #require(steps[0]["tables"]?.sequence?.first)
        #expect(table["chains"]?.sequence?.map { $0.scalar?.text } == ["KUBE-SERVICES"])
        #expect(
            table["rules"]?.sequence?.map { $0.scalar?.text }
                == ["-A PREROUTING -m comment --comment \"portals\" -j KUBE-SERVICES"])
        #expect(steps[3]["key"]?.scalar?.text == "tcp 10.96.0.9:80")
        #expect(document["kept"]?.sequence?.count == 1)
        #expect(document["sync"] != nil)
        let fields = try view(isPreview: false, kept: ["x"]).document.fields()
        #expect(KeptList("takeover.txt").differences(from: fields) == [])
    }
}
