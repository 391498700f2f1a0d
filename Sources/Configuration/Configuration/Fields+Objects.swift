import Documents
import LoadBalancing

extension Fields {
    // Of persistence.
    static let persistenceTimeout = Field(
        "timeout", .duration(1...Persistence.maximumTimeout), "How long a client's choice outlives its last connection."
    )
    static let granularity = Field(
        "granularity", .granularity,
        "Which part of the client's address counts: `255.255.255.0`, `24` or `/24`; all of it by default.")
    static let engine = Field(
        "engine",
        .text(
            pattern: #"^\S{1,15}$"#, expected: "the kernel's name for a persistence engine, such as sip",
            isValid: { isKernelName($0, VirtualServer.maximumEngineLength) }),
        "The kernel's persistence engine, such as sip; the client's address without it.")

    // Of a tunnel.
    static let tunnelType = Field(
        "type", .choice(TunnelType.allCases.map { ($0.rawValue, $0) }), "The encapsulation.")
    static let tunnelPort = Field("port", .integer(UInt16(1)...65535), "The UDP port of the real server, for gue.")
    static let tunnelChecksum = Field(
        "checksum", .choice(TunnelChecksum.allCases.map { ($0.description, $0) }),
        "Which checksum packets carry, for gue (all) and gre (nocsum and csum); nocsum by default.")

    // Of timeouts.
    static let tcpTimeout = Field("tcp", .duration(1...ConnectionTimeouts.maximum), "For established connections.")
    static let tcpFinTimeout = Field(
        "tcpFin", .duration(1...ConnectionTimeouts.maximum), "For connections after a FIN.")
    static let udpTimeout = Field("udp", .duration(1...ConnectionTimeouts.maximum), "For UDP.")

    // Of a sync daemon.
    static let daemonRole = Field(
        "role", .choice(SyncDaemon.Role.allCases.map { ($0.description, $0) }), "Whether it sends or receives.")
    static let interface = Field(
        "interface",
        .text(
            pattern: #"^[^\s/]{1,15}$"#, expected: "the name of an interface, at most 15 bytes",
            isValid: { isKernelName($0, 15) && !$0.contains("/") }), "The interface for the multicast traffic.")
    static let syncID = Field(
        "syncID", .integer(UInt32(0)...255),
        "The number of the synchronisation; 0 by default, which a backup takes for all.")
    static let maximumLength = Field(
        "maximumLength", .integer(UInt16(1)...65507), "The largest message in bytes; by the interface's MTU without it."
    )
    static let group = Field("group", .multicastGroup, "The multicast group; 224.0.0.81 by default.")
    static let daemonPort = Field("port", .integer(UInt16(1)...65535), "The UDP port; 8848 by default.")
    static let timeToLive = Field("timeToLive", .integer(UInt8(1)...255), "The multicast TTL; 1 by default.")

    // Of the removal guard.
    static let removalShare = Field(
        "share", .share, "The share of the owned that one synchronisation may remove; 50% by default.")
    static let removalMinimum = Field(
        "minimum", .integer(UInt32(0)...UInt32.max), "So many may go whatever their share; 10 by default.")

    // Of Services.
    static let nodePortAddresses = Field(
        "nodePortAddresses", .nodePortAddresses,
        "Which of the node's addresses serve node ports: `primary` for those of its Node object, networks, or a list of "
            + "both; `all` by default.")
    static let localFallback = Field(
        "localFallback", .boolean,
        "Whether external traffic of a Local Service goes to other nodes when this one has no endpoint; "
            + "false by default.")
    static let proxyName = Field(
        "proxyName",
        .text(
            pattern: #"^\S{1,63}$"#, expected: "a label's value, at most 63 bytes", isValid: { isKernelName($0, 63) }),
        "Serve the Services with this service.kubernetes.io/service-proxy-name instead of those without one.")

    static let annotations = Field(
        "annotations", .annotations,
        "Which annotations `ipvsync.io/…` of Services and their endpoints count: `all`, `none`, or a list of names "
            + "behind the slash; all by default.")
    static let externalIPs = Field(
        "externalIPs", .addressAllowance,
        "Which externalIPs of Services are served: `any`, `none`, or networks; any by default. Addresses of the node, "
            + "of the API server, of gateways and of the cluster are refused whatever it says.")
    static let loadBalancerIPs = Field(
        "loadBalancerIPs", .addressAllowance, "The same for the addresses of load balancers (status.loadBalancer).")
    static let nodeAddresses = Field(
        "nodeAddresses", .boolean,
        "Whether external IPs and load balancer addresses that are this node's own are served, as k3s' servicelb needs; "
            + "false by default.")
    static let edge = Field(
        "edge", .boolean,
        "Whether external IPs and load balancer addresses are served as at an edge: by Maglev hashing, direct routing or "
            + "a tunnel, alike on every node, so that one stands in for another; false by default.")
    static let checkInterval = Field(
        "checkInterval", .milliseconds(1_000...3_600_000),
        "The interval of the checks that Services ask for by the annotation `check`; 5s by default.")
    static let checksPerNamespace = Field(
        "checksPerNamespace", .integer(UInt32(0)...100_000),
        "How many real servers are checked so for one namespace; 1000 by default.")
    static let allowedNetworks = Field(
        "allow", .list(of: .prefix), "The networks for Services of namespaces that are not named; none by default.")
    static let allowedNamespaces = Field(
        "namespaces", .namespaceNetworks, "The networks for a namespace, in the place of `allow`.")

    // Of a file.
    static let services = Field("services", .services, "What holds for Kubernetes Services in general.")
    static let defaults = Field(
        "defaults", .node(schema: ObjectShape.defaults.schema), "What the virtual servers of this file leave out.")
    static let removalGuard = Field(
        "removalGuard", .removalGuard, "When removals are held until they are confirmed; `off` for never.")
    static let timeouts = Field("timeouts", .timeouts, "The connection timeouts; those left out stay as they are.")
    static let syncDaemons = Field(
        "syncDaemons", .syncDaemons, "The connection synchronisation daemons; `[]` stops those that run.")
    static let virtualServers = Field(
        "virtualServers", .node(schema: ["type": "array", "items": ObjectShape.virtualServer.schema]),
        "The virtual servers; `[]` for an empty table.")
}
