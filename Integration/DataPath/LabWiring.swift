import LoadBalancing

/// The lab's devices, addresses and routes.
struct LabWiring {
    let lab: Lab

    func connect() throws(ScenarioFailure) {
        for place in LabPlace.allCases { try lab.ip(place, ["link set lo up"]) }
        for place in [LabPlace.node1, .node2] {
            try lab.inside(place) { () throws(ScenarioFailure) in
                try TrafficSite.set("ipv4/ip_forward", "1")
                try TrafficSite.set("ipv6/conf/all/forwarding", "1")
            }
        }
        for (node, pods) in LabPlace.podsByNode {
            for pod in pods { try connect(pod, to: node) }
        }
        try connectNodes()
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
            podCommands.append("route add default via \(gateway)")
        }
        try lab.ip(node, nodeCommands)
        try lab.ip(pod, podCommands)
    }

    /// Node2 sends what is for Services to node1, as its own proxy would keep it, and nothing to the outside.
    private func connectNodes() throws(ScenarioFailure) {
        try lab.ip(.node1, ["link add eth0 type veth peer name eth0 netns \(lab.namespacePath(.node2))"])
        var commands: [LabPlace: [String]] = [:]
        for family in AddressFamily.allCases {
            let prefix = family == .ipv4 ? 24 : 64
            for node in [LabPlace.node1, .node2] {
                commands[node, default: []].append("address add \(node.address(family))/\(prefix) dev eth0")
            }
            let podNetwork = family == .ipv4 ? "10.244.2.0/24" : "fd00:10:244:2::/64"
            commands[.node1, default: []].append(
                "route add \(podNetwork) via \(LabPlace.node2.address(family))")
            commands[.node2, default: []] += [
                "route add default via \(LabPlace.node1.address(family))",
                "route add blackhole \(family == .ipv4 ? "203.0.113.0/24" : "2001:db8:113::/64")",
            ]
        }
        for (node, list) in commands { try lab.ip(node, ["link set eth0 up"] + list) }
    }

    private func connectOutside() throws(ScenarioFailure) {
        try lab.ip(.node1, ["link add uplink type veth peer name eth0 netns \(lab.namespacePath(.outside))"])
        var nodeCommands = ["link set uplink up"]
        var clientCommands = ["link set eth0 up"]
        for family in AddressFamily.allCases {
            let prefix = family == .ipv4 ? 24 : 64
            nodeCommands.append("address add \(LabPlace.uplink(family))/\(prefix) dev uplink")
            clientCommands += LabPlace.outsideAddresses(family).map { "address add \($0)/\(prefix) dev eth0" }
            clientCommands.append("route add default via \(LabPlace.uplink(family))")
        }
        try lab.ip(.node1, nodeCommands)
        try lab.ip(.outside, clientCommands)
    }
}
