import Testing

@testable import KubeProxy

@Suite struct KubeProxyNamesTests {
    @Test(arguments: [
        "KUBE-CLUSTER-IP", "KUBE-6-CLUSTER-IP", "KUBE-LOOP-BACK", "KUBE-IPVS-IPS", "KUBE-NODE-PORT-SCTP-HASH",
        "KUBE-LOAD-BALANCER-SOURCE-CIDR",
        // Cut to what the kernel takes.
        "KUBE-6-LOAD-BALANCER-SOURCE-CID",
    ])
    func sets(_ name: String) { #expect(KubeProxyNames.ownsSet(name)) }

    // Network policies have sets of such names.
    @Test(arguments: [
        "KUBE-SRC-ABCDEF", "KUBE-DST-ABCDEF", "KUBE-", "cali40all", "KUBE-CLUSTER-IPS", "kube-cluster-ip",
    ])
    func othersSets(_ name: String) { #expect(!KubeProxyNames.ownsSet(name)) }

    @Test(arguments: ["KUBE-KUBELET-CANARY", "KUBE-IPTABLES-HINT", "KUBE-HOSTPORTS", "INPUT", "KUBE-SERVICES2"])
    func othersChains(_ name: String) {
        #expect(!["nat", "filter", "mangle"].contains { KubeProxyNames.ownsChain(name, table: $0) })
    }
}
