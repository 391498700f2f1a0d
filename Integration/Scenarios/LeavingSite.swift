import Glibc

/// A node with one virtual server and many real servers, half of which leave now and then, between a client and the
/// machine that has all their addresses.
final class LeavingSite {
    let context: Context
    private let client: PrivateNamespace
    private let machine: PrivateNamespace
    private let servers: EchoServers

    static let count = 1_500
    private static let virtualAddress = "192.0.2.1"
    private static let clientAddresses = (11...17).map { "192.0.2.\($0)" }

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        client = try PrivateNamespace()
        machine = try PrivateNamespace()
        for (name, namespace) in [("client", client), ("servers", machine)] {
            try context.run(["ip", "link", "add", name, "type", "veth", "peer", "eth0", "netns", namespace.path])
        }
        try TrafficSite.set("ipv4/ip_forward", "1")
        try Self.configure(
            context,
            [
                "address add 192.0.2.254/24 dev client", "address add \(Self.virtualAddress)/32 dev client",
                "address add 198.51.100.254/24 dev servers", "link set lo up", "link set client up",
                "link set servers up", "route add 10.1.0.0/16 via 198.51.100.1",
            ])
        try client.inside { () throws(ScenarioFailure) in
            try Self.configure(
                context,
                Self.clientAddresses.map { "address add \($0)/24 dev eth0" } + ["link set lo up", "link set eth0 up"])
        }
        try machine.inside { () throws(ScenarioFailure) in
            try Self.configure(
                context,
                [
                    "address add 198.51.100.1/24 dev eth0", "link set lo up", "link set eth0 up",
                    "route add default via 198.51.100.254", "route add local 10.1.0.0/16 dev lo",
                ])
        }
        servers = try EchoServers(["0.0.0.0"], port: 8080, in: machine)
    }

    private static func configure(_ context: Context, _ commands: [String]) throws(ScenarioFailure) {
        try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
    }

    /// Begins traffic: so many new connections a second, each open for that many milliseconds.
    func startTraffic(perSecond rate: Int, hold: ClosedRange<Int>) throws(ScenarioFailure) -> Traffic {
        let target = try SocketAddress(Self.virtualAddress, port: 80)
        let traffic = try Traffic(from: Self.clientAddresses, to: [target], in: client)
        traffic.openNewConnections(perSecond: rate, hold: hold)
        return traffic
    }

    /// Puts a configuration in the place of the last one, all at once.
    ///
    /// - Returns: Its path.
    @discardableResult
    func declare(_ servers: some Sequence<Int>) throws(ScenarioFailure) -> String {
        let list = servers.map { "\"\(Self.address($0)):8080\"" }.joined(separator: ", ")
        let next = try context.write(
            "{removalGuard: off, drainTimeout: 7200, virtualServers: [{address: \"\(Self.virtualAddress):80\", "
                + "scheduler: rr, realServers: [\(list)]}]}\n", to: "site.yaml.new")
        let path = "\(context.directory)/site.yaml"
        guard rename(next, path) == 0 else { throw SystemCall.failure(path) }
        return path
    }

    /// How many real servers the kernel has that get new connections.
    func serving() throws(ScenarioFailure) -> Int {
        try context.ipvsadmSave().count { $0.hasPrefix("-a") && $0.hasSuffix("-w 1") }
    }

    private static func address(_ server: Int) -> String { "10.1.\(server / 250).\(server % 250 + 1)" }
}
