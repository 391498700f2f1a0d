import DataPath
import Documents
import LoadBalancing

extension Fields {
    static let network = Field(
        "network", .network,
        "What Services need beside IPVS on a node: addresses, nftables rules and sysctls. Without it, or with `off`, "
            + "only IPVS is touched.")

    static let vipBinding = Field(
        "vipBinding", .choice(VIPBinding.allCases.map { ($0.rawValue, $0) }),
        "How the node takes the Services' addresses: each on a device, whole networks by routes, or not at all; "
            + "address by default.")
    static let device = Field(
        "device",
        .text(
            pattern: #"^[^\s/]{1,15}$"#, expected: "the name of an interface, at most 15 bytes",
            isValid: { isKernelName($0, 15) && !$0.contains("/") && $0 != "." && $0 != ".." }),
        "The device for the addresses, which ipvsync makes; \(DataPathSettings.defaultDevice) by default. A takeover adopts "
            + "kube-proxy's \(DataPathSettings.kubeProxyDevice) as it is.")
    static let serviceCIDRs = Field(
        "serviceCIDRs", .list(of: .prefix), "The networks that `vipBinding: route` takes as the node's own.")
    static let firewall = Field(
        "firewall", .boolean,
        "Whether nftables rules are kept: masquerading, source ranges, and refusal of ports that are no service; "
            + "true by default.")
    static let clusterCIDRs = Field(
        "clusterCIDRs", .list(of: .prefix),
        "The networks of the cluster's pods: others' connections to cluster IPs are masqueraded.")
    static let masqueradeAll = Field(
        "masqueradeAll", .boolean, "Whether all connections to cluster IPs are masqueraded; false by default.")
    static let masqueradeMark = Field(
        "masqueradeMark", .markBit,
        "The bit of the packet's mark that asks for masquerading, which nobody else may use; \"0x4000\" by default.")
    static let sysctls = Field(
        "sysctls", .boolean, "Whether the kernel's settings are made what IPVS needs; true by default.")
    static let strictARP = Field(
        "strictARP", .boolean,
        "Whether the node answers ARP only where an address is (arp_ignore, arp_announce); false by default.")
    static let conntrackMax = Field(
        "conntrackMax", .integer(UInt32(1)...UInt32(Int32.max)),
        "The least that net.netfilter.nf_conntrack_max is raised to; left alone by default.")
    static let conntrackMaxPerCore = Field(
        "conntrackMaxPerCore", .integer(UInt32(1)...UInt32(Int32.max)),
        "The same for each processor of the node, where that is more than conntrackMax; left alone by default.")
    static let tcpEstablishedTimeout = Field(
        "tcpEstablishedTimeout", .duration(1...ConntrackLimits.longestTimeout),
        "How long an established TCP connection without packets is tracked; left alone by default.")
    static let tcpCloseWaitTimeout = Field(
        "tcpCloseWaitTimeout", .duration(1...ConntrackLimits.longestTimeout),
        "How long a TCP connection that only the other side has closed is tracked; left alone by default.")
    static let flushConntrack = Field(
        "flushConntrack", .list(of: .choice([("udp", TransportProtocol.udp), ("sctp", TransportProtocol.sctp)])),
        "The protocols whose connection tracking entries go with their real server; [udp] by default.")
}
