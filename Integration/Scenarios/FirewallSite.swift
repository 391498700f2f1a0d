import DataPath
import LoadBalancing
import NFTables

/// A client outside the cluster, a node with a Service of each family, and a pod that serves them.
///
/// The scenario's own namespace is the node. IPVS translates addresses, as for a Kubernetes Service.
final class FirewallSite {
    /// What the addresses of one family are.
    struct Family {
        let family: AddressFamily
        let service: String
        let client: String
        let otherClient: String
        let pod: String
        /// The node's address towards the pod.
        let node: String
        let podNetwork: String
    }

    static let families = [
        Family(
            family: .ipv4, service: "10.96.0.1", client: "192.0.2.11", otherClient: "192.0.2.12", pod: "10.244.0.2",
            node: "10.244.0.254", podNetwork: "10.244.0.0/16"),
        Family(
            family: .ipv6, service: "fd00:96::1", client: "2001:db8:1::11", otherClient: "2001:db8:1::12",
            pod: "fd00:244::2", node: "fd00:244::fe", podNetwork: "fd00:244::/64"),
    ]

    let table = KernelFirewall()
    let client: PrivateNamespace
    let pod: PrivateNamespace
    private let servers: PeerServer

    init(_ context: Context) throws(ScenarioFailure) {
        client = try PrivateNamespace()
        pod = try PrivateNamespace()
        for (name, namespace) in [("client", client), ("pod", pod)] {
            try context.run(["ip", "link", "add", name, "type", "veth", "peer", "eth0", "netns", namespace.path])
        }
        try TrafficSite.set("ipv4/ip_forward", "1")
        try TrafficSite.set("ipv6/conf/all/forwarding", "1")
        try Self.configure(context, "client", ["192.0.2.254/24", "2001:db8:1::fe/64"])
        try Self.configure(context, "pod", ["10.244.0.254/24", "fd00:244::fe/64"])
        try context.run(["ip", "link", "add", "services", "type", "dummy"])
        try Self.configure(context, "services", ["10.96.0.1/32", "fd00:96::1/128"])
        try client.inside { () throws(ScenarioFailure) in
            try Self.configure(
                context, "eth0", ["192.0.2.11/24", "192.0.2.12/24", "2001:db8:1::11/64", "2001:db8:1::12/64"],
                gateways: ["192.0.2.254", "2001:db8:1::fe"])
        }
        try pod.inside { () throws(ScenarioFailure) in
            try Self.configure(
                context, "eth0", ["10.244.0.2/24", "fd00:244::2/64"], gateways: ["10.244.0.254", "fd00:244::fe"])
        }
        servers = try PeerServer(["10.244.0.2", "fd00:244::2"], port: 8080, in: pod)
        for (service, pod) in [("10.96.0.1", "10.244.0.2"), ("[fd00:96::1]", "[fd00:244::2]")] {
            try context.ipvsadm("-A", "-t", "\(service):80", "-s", "rr")
            try context.ipvsadm("-a", "-t", "\(service):80", "-r", "\(pod):8080", "-m")
        }
        // Known to the kernel with the first virtual server.
        try TrafficSite.set("ipv4/vs/conntrack", "1")
    }

    /// The table for Services of both families that are treated like this.
    func treat(
        _ masquerade: ServiceTreatment.Masquerade, sources: [String]? = nil, hairpins: Bool = false,
        healthCheckPort: UInt16? = nil, masqueradesAll: Bool = false
    ) throws {
        var elements: [DataPathElement] = healthCheckPort.map { [.healthCheckPort($0)] } ?? []
        for family in Self.families {
            let address = try Self.address(family.service)
            let key = VirtualServerKey.endpoint(.tcp, Endpoint(address, port: 80))
            elements.append(.address(address))
            elements.append(.service(key, ServiceTreatment(masquerade)))
            if let sources {
                elements.append(.guarded(key, SourceList(family.family, sources.compactMap { IPPrefix($0) })))
            }
            if hairpins { elements.append(.hairpin(try Self.address(family.pod))) }
        }
        let networks = Self.families.compactMap { IPPrefix($0.podNetwork) }
        let settings = FirewallSettings(masqueradesAll: masqueradesAll, podNetworks: networks)
        try table.commit(.replacing(with: FirewallState(settings: settings, elements: elements)))
    }

    /// Asks the Service as a client outside, as the pod, or as the node itself.
    func ask(
        _ family: Family, port: UInt16 = 80, from source: String? = nil, in namespace: PrivateNamespace?
    ) throws(ScenarioFailure) -> Answer {
        guard let namespace else { return try Answer.ask(family.service, port: port, from: source) }
        return try namespace.inside { () throws(ScenarioFailure) in
            try Answer.ask(family.service, port: port, from: source)
        }
    }

    private static func address(_ text: String) throws(ScenarioFailure) -> IPAddress {
        try require(IPAddress(text), "no address: \(text)")
    }

    private static func configure(
        _ context: Context, _ device: String, _ addresses: [String], gateways: [String] = []
    ) throws(ScenarioFailure) {
        // A link-local address that is still being probed asks for no neighbour of a forwarded packet.
        try TrafficSite.set("ipv6/conf/\(device)/accept_dad", "0")
        var commands = addresses.map { "address add \($0) dev \(device)" + ($0.contains(":") ? " nodad" : "") }
        commands += ["link set lo up", "link set \(device) up"] + gateways.map { "route add default via \($0)" }
        try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
    }
}
