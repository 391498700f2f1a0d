import LoadBalancing

/// The lab's devices, addresses and routes.
///
/// Routes are `onlink`: the kernel takes a moment to see that a cable has two ends, and refuses gateways until then.
struct LabWiring {
    let lab: Lab

    func connect() throws(ScenarioFailure) {
        for place in LabPlace.allCases { try lab.ip(place, ["link set lo up"]) }
        for place in [LabPlace.node1, .node2, .node3] {
            try lab.inside(place) { () throws(ScenarioFailure) in
                try TrafficSite.set("ipv4/ip_forward", "1")
                try TrafficSite.set("ipv6/conf/all/forwarding", "1")
            }
        }
        for (node, pods) in LabPlace.podsByNode {
            for pod in pods { try connect(pod, to: node) }
        }
        for node in [LabPlace.node2, .node3] { try connect(node) }
        try connectOutside()
    }

    /// A pod has its own cable to its node, which is its way to everybody: two pods of a node never meet beside it.
    private func connect(_ pod: LabPlace, to node: LabPlace) throws(ScenarioFailure) {
        let device = "pod-\(pod.rawValue)"
        try lab.ip(node, ["link add \(device) type veth peer name eth0 netns \(lab.namespacePath(pod))"])
        var nodeCommands = ["link set \(device) up"]
        var podCommands = ["link set eth0 up"]
        for family in AddressFamily.allCases {
            let (gateway, address) = (LabPlace.gateway(of: node, family), pod.address(family))
            nodeCommands.append("address add \(gateway) peer \(address)/\(family.bitWidth) dev \(device)")
            podCommands.append("address add \(address) peer \(gateway)/\(family.bitWidth) dev eth0")
            podCommands.append("route add default via \(gateway) dev eth0 onlink")
        }
        try lab.ip(node, nodeCommands)
        try lab.ip(pod, podCommands)
    }

    /// The other nodes send what is for Services and for each other to node1, and nothing to the outside.
    ///
    /// So node1 sees both ways of what their pods ask each other through a Service, as the proxy of each would.
    private func connect(_ node: LabPlace) throws(ScenarioFailure) {
        let device = "to-\(node.rawValue)"
        try lab.ip(.node1, ["link add \(device) type veth peer name eth0 netns \(lab.namespacePath(node))"])
        var here = ["link set \(device) up"]
        var there = ["link set eth0 up"]
        for family in AddressFamily.allCases {
            let prefix = family == .ipv4 ? 24 : 64
            let address = node == .node3 ? LabPlace.sideAddress(family) : LabPlace.node1.address(family)
            here += [
                "address add \(address)/\(prefix) dev \(device)",
                "route add \(LabPlace.podCIDR(of: node, family)) via \(node.address(family)) dev \(device) onlink",
            ]
            there += [
                "address add \(node.address(family))/\(prefix) dev eth0",
                "route add default via \(address) dev eth0 onlink",
                "route add blackhole \(family == .ipv4 ? "203.0.113.0/24" : "2001:db8:113::/64")",
            ]
        }
        try lab.ip(.node1, here)
        try lab.ip(node, there)
    }

    private func connectOutside() throws(ScenarioFailure) {
        try lab.ip(.node1, ["link add uplink type veth peer name eth0 netns \(lab.namespacePath(.outside))"])
        var nodeCommands = ["link set uplink up"]
        var clientCommands = ["link set eth0 up"]
        for family in AddressFamily.allCases {
            let prefix = family == .ipv4 ? 24 : 64
            nodeCommands.append("address add \(LabPlace.uplink(family))/\(prefix) dev uplink")
            clientCommands += LabPlace.outsideAddresses(family).map { "address add \($0)/\(prefix) dev eth0" }
            clientCommands.append("route add default via \(LabPlace.uplink(family)) dev eth0 onlink")
        }
        try lab.ip(.node1, nodeCommands)
        try lab.ip(.outside, clientCommands)
    }
}
