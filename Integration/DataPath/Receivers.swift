import LoadBalancing

/// Real servers that have the virtual servers' address themselves, and answer clients on a way of their own.
///
/// The clients' network is beside each of them: node1 never sees an answer, and would drop one that came from its own
/// address.
struct Receivers {
    /// How a packet reaches a real server.
    enum Way: String, CaseIterable, Sendable {
        case direct, ipip, gre, gue

        /// What the configuration says of a real server.
        var fields: String {
            switch self {
            case .direct: "forwarding: direct"
            case .ipip: "forwarding: tunnel, tunnel: {type: ipip}"
            case .gre: "forwarding: tunnel, tunnel: {type: gre}"
            case .gue: "forwarding: tunnel, tunnel: {type: gue, port: \(Receivers.guePort)}"
            }
        }
    }

    static let guePort: UInt16 = 6080
    static let pods: [LabPlace] = [.a, .b, .d]
    /// The port of virtual and of real servers, which these ways of forwarding do not change.
    static let port = Lab.port

    let lab: Lab
    let way: Way
    /// Whether the real servers are known by an address of the other family than the virtual server's.
    let crossesFamilies: Bool

    init(_ context: Context, way: Way, crossesFamilies: Bool = false) throws(ScenarioFailure) {
        self.way = way
        self.crossesFamilies = crossesFamilies
        lab = try Lab(context, serving: [])
        if way == .gue {
            for module in ["fou", "fou6"] { try context.run(["modprobe", module]) }
        }
        for family in AddressFamily.allCases {
            try lab.ip(.node1, ["address add \(Self.host(family))/\(family.bitWidth) dev lo"])
        }
        for (index, pod) in Self.pods.enumerated() {
            try connect(pod, number: index + 1)
            try lab.serve(pod, on: AddressFamily.allCases.map(Self.host), port: Self.port)
        }
    }

    /// The virtual servers' address.
    static func host(_ family: AddressFamily) -> String { BalancedLab.host(family) }

    /// A virtual server of each family and protocol with these real servers.
    var configuration: String {
        let servers = AddressFamily.allCases.flatMap { family in
            TransportProtocol.allCases.map { transport in
                let realServers = Self.pods.map { pod in
                    "{address: \"\(Self.endpoint(pod.address(outerFamily(family))))\", \(way.fields)}"
                }
                return "{address: \"\(transport) \(Self.endpoint(Self.host(family)))\", scheduler: rr, "
                    + "realServers: [\(realServers.joined(separator: ", "))]}"
            }
        }
        return "{virtualServers: [\n\(servers.joined(separator: ",\n"))\n]}\n"
    }

    /// The family of the packets that carry this family's.
    private func outerFamily(_ family: AddressFamily) -> AddressFamily {
        guard crossesFamilies else { return family }
        return family == .ipv4 ? .ipv6 : .ipv4
    }

    private static func endpoint(_ host: String) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Gives a pod its way to clients, the virtual servers' address, and what unwraps its packets.
    private func connect(_ pod: LabPlace, number: Int) throws(ScenarioFailure) {
        let device = "beside-\(pod.rawValue)"
        try lab.ip(.outside, ["link add \(device) type veth peer name eth1 netns \(lab.namespacePath(pod))"])
        var clientCommands = ["link set \(device) up"]
        var podCommands = ["link set eth1 up"]
        for family in AddressFamily.allCases {
            let network = family == .ipv4 ? "172.16.\(number)." : "fd00:172:16:\(number)::"
            let prefix = family == .ipv4 ? 24 : 64
            clientCommands.append("address add \(network)1/\(prefix) dev \(device)")
            podCommands += [
                "address add \(network)2/\(prefix) dev eth1",
                "route add \(family == .ipv4 ? "203.0.113.0/24" : "2001:db8:113::/64") via \(network)1 dev eth1 onlink",
                "address add \(Self.host(family))/\(family.bitWidth) dev lo",
            ]
        }
        try lab.ip(.outside, clientCommands)
        try lab.ip(pod, podCommands + tunnels(pod))
    }

    /// The devices that unwrap what comes through a tunnel.
    private func tunnels(_ pod: LabPlace) -> [String] {
        let (ipv4, ipv6) = (pod.address(.ipv4), pod.address(.ipv6))
        let devices: [String]
        switch way {
        case .direct: return []
        case .ipip, .gue: devices = ["type sit mode any local \(ipv4)", "type ip6tnl mode any local \(ipv6)"]
        case .gre: devices = ["type gre local \(ipv4)", "type ip6gre local \(ipv6)"]
        }
        var commands = devices.enumerated().flatMap { ["link add tunnel\($0) \($1)", "link set tunnel\($0) up"] }
        // Its packets are UDP datagrams, whose content goes on as if it had come without them.
        if way == .gue { commands += ["fou add port \(Self.guePort) gue", "fou add port \(Self.guePort) gue -6"] }
        return commands
    }
}
