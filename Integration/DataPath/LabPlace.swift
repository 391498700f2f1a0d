import LoadBalancing

/// A machine of the lab.
enum LabPlace: String, CaseIterable, Hashable, Sendable, Comparable {
    /// Pods on the node under test.
    case a, b, d
    /// Pods on two other nodes.
    case c, e
    /// The node under test: the scenario's own namespace.
    case node1
    /// Other nodes, which route for their pods and are no proxies.
    case node2, node3
    /// A client outside the cluster, which reaches everything through node1.
    case outside

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Pods and where they run.
    static let podsByNode: [(node: LabPlace, pods: [LabPlace])] = [
        (.node1, [.a, .b, .d]), (.node2, [.c]), (.node3, [.e]),
    ]

    /// The node that it runs on; `nil` for what is no pod.
    var node: LabPlace? { Self.podsByNode.first { $0.pods.contains(self) }?.node }

    var isPod: Bool { node != nil }

    /// Its address of a family; that of the node's network for a node.
    func address(_ family: AddressFamily) -> String { family == .ipv4 ? addresses.ipv4 : addresses.ipv6 }

    /// The address of the pod that takes its place: `10.244.1.111` for `10.244.1.11`.
    func successorAddress(_ family: AddressFamily) -> String { address(family) + "1" }

    private var addresses: (ipv4: String, ipv6: String) {
        switch self {
        case .a: ("10.244.1.11", "fd00:10:244:1::11")
        case .b: ("10.244.1.12", "fd00:10:244:1::12")
        case .d: ("10.244.1.13", "fd00:10:244:1::13")
        case .c: ("10.244.2.11", "fd00:10:244:2::11")
        case .e: ("10.244.3.11", "fd00:10:244:3::11")
        case .node1: ("192.168.10.1", "fd00:192:168:10::1")
        case .node2: ("192.168.10.2", "fd00:192:168:10::2")
        case .node3: ("192.168.11.2", "fd00:192:168:11::2")
        case .outside: ("203.0.113.11", "2001:db8:113::11")
        }
    }

    /// The addresses of the outside client, the first of them its own. There are several, for schedulers and source
    /// ranges look at the client's address.
    static func outsideAddresses(_ family: AddressFamily) -> [String] {
        (11...17).map { family == .ipv4 ? "203.0.113.\($0)" : "2001:db8:113::\($0)" }
    }

    /// What a node is to its pods.
    static func gateway(of node: LabPlace, _ family: AddressFamily) -> String {
        "\(podNetwork(of: node, family))\(family == .ipv4 ? "1" : ":1")"
    }

    /// The network of a node's pods: `10.244.2.0/24`.
    static func podCIDR(of node: LabPlace, _ family: AddressFamily) -> String {
        "\(podNetwork(of: node, family))\(family == .ipv4 ? "0/24" : ":/64")"
    }

    private static func podNetwork(of node: LabPlace, _ family: AddressFamily) -> String {
        let number = node == .node2 ? 2 : node == .node3 ? 3 : 1
        return family == .ipv4 ? "10.244.\(number)." : "fd00:10:244:\(number):"
    }

    /// What node1 is to node3, which has a cable of its own to it.
    static func sideAddress(_ family: AddressFamily) -> String {
        family == .ipv4 ? "192.168.11.1" : "fd00:192:168:11::1"
    }

    /// What node1 is to the outside.
    static func uplink(_ family: AddressFamily) -> String {
        family == .ipv4 ? "203.0.113.1" : "2001:db8:113::1"
    }

    /// The addresses that count as the node's own when a server sees them.
    static func nodeAddresses(_ family: AddressFamily) -> Set<String> {
        [LabPlace.node1.address(family), gateway(of: .node1, family), uplink(family), sideAddress(family)]
    }
}
