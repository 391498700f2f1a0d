import Glibc

/// A client, a node with UDP virtual servers, and two real servers that answer with their own address, in a row.
///
/// The scenario's own namespace is the node, which tracks the connections that it forwards.
final class FlowSite {
    static let servers = ["198.51.100.1", "198.51.100.2"]
    private static let port: UInt16 = 5353

    private let client: PrivateNamespace
    private let machines: PrivateNamespace
    private let sockets: [(host: String, socket: UDPSocket)]

    init(_ context: Context) throws(ScenarioFailure) {
        client = try PrivateNamespace()
        machines = try PrivateNamespace()
        try Self.connect(context, "client", node: "192.0.2.254", to: client, ["192.0.2.11"], gateway: "192.0.2.254")
        try Self.connect(
            context, "servers", node: "198.51.100.254", to: machines, Self.servers, gateway: "198.51.100.254")
        sockets = try machines.inside { () throws(ScenarioFailure) in
            try Self.servers.map { (host) throws(ScenarioFailure) in
                (host, try UDPSocket(boundTo: try SocketAddress(host, port: Self.port)))
            }
        }
    }

    /// A socket of the client.
    func clientSocket(port: UInt16) throws(ScenarioFailure) -> UDPSocket {
        try client.inside { () throws(ScenarioFailure) in
            try UDPSocket(boundTo: try SocketAddress("192.0.2.11", port: port))
        }
    }

    /// Sends a word to an address and has whoever gets it answer.
    ///
    /// - Returns: The real server that answered.
    func ask(_ socket: UDPSocket, _ host: String, port: UInt16) throws(ScenarioFailure) -> String {
        try socket.send("who", to: try SocketAddress(host, port: port))
        let deadline = ContinuousClock.now + Patience.step
        while .now < deadline {
            for server in sockets where try server.socket.answer(server.host) { return try socket.receive() }
            usleep(10_000)
        }
        throw ScenarioFailure("nobody got what was sent to \(host):\(port)")
    }

    private static func connect(
        _ context: Context, _ device: String, node: String, to namespace: PrivateNamespace, _ addresses: [String],
        gateway: String
    ) throws(ScenarioFailure) {
        try context.run(["ip", "link", "add", device, "type", "veth", "peer", "eth0", "netns", namespace.path])
        try context.run(
            ["ip", "-batch", "-"], input: "address add \(node)/24 dev \(device)\nlink set \(device) up\n")
        try namespace.inside { () throws(ScenarioFailure) in
            let commands =
                addresses.map { "address add \($0)/24 dev eth0" } + [
                    "link set eth0 up", "route add default via \(gateway)",
                ]
            try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
        }
    }
}
