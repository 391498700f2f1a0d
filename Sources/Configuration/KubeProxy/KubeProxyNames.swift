/// The names by which things are kube-proxy's, in any of its modes.
package enum KubeProxyNames {
    /// The name of the process, as `/proc/PID/comm` has it.
    package static let process = "kube-proxy"
    /// The tables of nftables mode, as `nft list tables` names them.
    package static let nftablesTables = ["ip kube-proxy", "ip6 kube-proxy"]

    /// Chains with a name of their own.
    private static let chains: Set<String> = [
        "KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-NODE-PORT", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES",
        "KUBE-LOAD-BALANCER", "KUBE-MARK-MASQ", "KUBE-FORWARD", "KUBE-PROXY-FIREWALL",
        "KUBE-SOURCE-RANGES-FIREWALL", "KUBE-IPVS-FILTER", "KUBE-IPVS-OUT-FILTER", "KUBE-PROXY-CANARY",
    ]
    /// Chains that are kube-proxy's in the table `nat`, and the kubelet's elsewhere.
    private static let natChains: Set<String> = ["KUBE-MARK-DROP", "KUBE-FIREWALL"]
    /// The beginnings of the names of a Service's chains, which end with a hash.
    private static let chainPrefixes = [
        "KUBE-SVC-", "KUBE-SVL-", "KUBE-SEP-", "KUBE-EXT-", "KUBE-FW-", "KUBE-XLB-",
    ]

    /// Whether a chain of one of iptables' tables is kube-proxy's.
    package static func ownsChain(_ name: String, table: String) -> Bool {
        chains.contains(name) || table == "nat" && natChains.contains(name)
            || chainPrefixes.contains { name.hasPrefix($0) && name.utf8.count > $0.utf8.count }
    }

    /// Sets of IPVS mode, without what they all begin with.
    private static let sets: Set<String> = [
        "LOOP-BACK", "CLUSTER-IP", "EXTERNAL-IP", "EXTERNAL-IP-LOCAL", "LOAD-BALANCER", "LOAD-BALANCER-LOCAL",
        "LOAD-BALANCER-FW", "LOAD-BALANCER-MASQ", "LOAD-BALANCER-SOURCE-IP", "LOAD-BALANCER-SOURCE-CIDR",
        "NODE-PORT-TCP", "NODE-PORT-LOCAL-TCP", "NODE-PORT-UDP", "NODE-PORT-LOCAL-UDP", "NODE-PORT-SCTP",
        "NODE-PORT-LOCAL-SCTP", "NODE-PORT-SCTP-HASH", "NODE-PORT-LOCAL-SCTP-HASH", "HEALTH-CHECK-NODE-PORT",
        "IPVS-IPS",
    ]
    /// The kernel's limit for the name of a set; kube-proxy cuts off what is longer.
    private static let longestSetName = 31
    private static let setNames = Set(
        ["KUBE-", "KUBE-6-"].flatMap { prefix in sets.map { String((prefix + $0).prefix(longestSetName)) } })

    /// Whether a set is kube-proxy's. Others' names begin with `KUBE-` too: those of network policies.
    package static func ownsSet(_ name: String) -> Bool { setNames.contains(name) }
}
