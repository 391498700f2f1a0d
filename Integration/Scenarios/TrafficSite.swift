import Glibc
import LoadBalancing

/// A client, a node with a virtual server of each family, and real servers, on three machines in a row.
///
/// The scenario's own namespace is the node. It stands between the two others, so that answers come back through it, as
/// masquerading needs.
final class TrafficSite {
    let context: Context
    private let client: PrivateNamespace
    private let machines: PrivateNamespace
    let servers: EchoServers
    /// The longest that a change has taken so far, from its declaration until the kernel had it.
    private var pace = Duration.zero

    private static let virtualAddresses = ["192.0.2.1", "2001:db8:1::1"]
    /// Several, for schedulers and persistence look at the client's address. Seven, lest round robin over four real
    /// servers send each of them to the same one always.
    private static let clientAddresses = (11...17).flatMap { ["192.0.2.\($0)", "2001:db8:1::\($0)"] }
    /// How many long-lived connections there are of each family: two for each of four real servers.
    private static let longConnections = 8

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        client = try PrivateNamespace()
        machines = try PrivateNamespace()
        try Self.prepare()
        for (name, namespace) in [("client", client), ("servers", machines)] {
            try namespace.inside { () throws(ScenarioFailure) in try Self.prepare() }
            try context.run(["ip", "link", "add", name, "type", "veth", "peer", "eth0", "netns", namespace.path])
        }
        try Self.set("ipv4/ip_forward", "1")
        try Self.set("ipv6/conf/all/forwarding", "1")
        let node = ["192.0.2.254", "2001:db8:1::fe"] + Self.virtualAddresses
        try Self.configure(context, "client", node)
        try Self.configure(context, "servers", ["198.51.100.254", "2001:db8:2::fe"])
        let addresses = (1...8).flatMap { Self.addresses(of: $0) }
        try client.inside { () throws(ScenarioFailure) in
            try Self.configure(context, "eth0", Self.clientAddresses)
        }
        try machines.inside { () throws(ScenarioFailure) in
            try Self.configure(context, "eth0", addresses, gateways: ["198.51.100.254", "2001:db8:2::fe"])
        }
        servers = try EchoServers(addresses, port: 8080, in: machines)
    }

    /// The addresses of a real server, one of each family. There are eight real servers, from 1.
    static func addresses(of server: Int) -> [String] { ["198.51.100.\(server)", "2001:db8:2::\(server)"] }

    /// The addresses of some real servers.
    static func addresses(of servers: [Int]) -> Set<String> { Set(servers.flatMap { addresses(of: $0) }) }

    /// Begins traffic: long-lived connections first, while the schedulers are fresh and spread them evenly, then new ones.
    func startTraffic() throws(ScenarioFailure) -> Traffic {
        let targets = try Self.virtualAddresses.map { (host) throws(ScenarioFailure) in
            try SocketAddress(host, port: 80)
        }
        let traffic = try Traffic(from: Self.clientAddresses, to: targets, in: client)
        try traffic.openLongConnections(Self.longConnections)
        traffic.openNewConnections(perSecond: 50)
        return traffic
    }

    /// Pages that tell how some real servers are, beside what these do.
    func startStatusPages(of servers: [Int]) throws(ScenarioFailure) -> StatusPages {
        let context = context
        let addresses = Self.addresses(of: servers).sorted()
        return try machines.inside { () throws(ScenarioFailure) in try StatusPages(context, addresses: addresses) }
    }

    // MARK: - Configuration

    /// Puts a configuration in the place of the last one, all at once.
    func declare(_ table: TrafficTable) throws(ScenarioFailure) {
        let next = try context.write(table.configuration(Self.virtualAddresses), to: "site.yaml.new")
        let path = "\(context.directory)/site.yaml"
        guard rename(next, path) == 0 else { throw SystemCall.failure(path) }
    }

    /// Declares a table, and starts an agent that brings it about.
    func start(_ table: TrafficTable) throws(ScenarioFailure) -> RunningCommand {
        try declare(table)
        let began = ContinuousClock.now
        let agent = try startAgent()
        try eventually(table, agent)
        pace = max(pace, .now - began)
        return agent
    }

    /// Starts an agent on the configuration that is there.
    func startAgent() throws(ScenarioFailure) -> RunningCommand {
        try context.startIPVSync("--config", "\(context.directory)/site.yaml", "--state-dir", stateDirectory)
    }

    /// Runs a command that talks to the agent, and expects it to succeed.
    func command(_ arguments: String...) throws(ScenarioFailure) {
        try context.run([context.ipvsync] + arguments + ["--state-dir", stateDirectory])
    }

    /// Gives a table a drain timeout that outlasts so many changes, as long as they take now, and another real server, so
    /// that the change shows.
    func declareDrainTimeout(
        atLeast seconds: Int, changes: Int, in table: inout TrafficTable, _ agent: RunningCommand
    ) throws(ScenarioFailure) {
        table.drainTimeout = seconds + Int((pace * 3 * changes).components.seconds) + 1
        table.servers.append(8)
        try declare(table)
        try eventually(table, agent)
    }

    /// Since when the ledger has a real server draining, for each virtual server: seconds since the machine's start.
    func drains(of server: Int) throws(ScenarioFailure) -> [String: String] {
        var found: [String: String] = [:]
        for line in try context.run(["sh", "-c", "cat '\(stateDirectory)'/ledger-*"]).outputLines {
            let fields = line.split(separator: "\t").map(String.init)
            guard fields.count > 2, Self.addresses(of: server).contains(where: { fields[2].contains("\($0)") }) else {
                continue
            }
            switch fields[0] {
            case "drain": found[fields[1]] = fields[3]
            case "drained": found[fields[1]] = nil
            default: break
            }
        }
        return found
    }

    private var stateDirectory: String { "\(context.directory)/state" }

    /// Waits until the kernel has this table.
    func eventually(
        _ table: TrafficTable, _ agent: RunningCommand, timeLimit: Duration = Patience.step,
        file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        try context.eventuallyTable(
            agent, table.saved(Self.virtualAddresses), timeLimit: timeLimit, file: file, line: line)
    }

    /// Waits until the kernel's table is empty.
    func eventuallyNothing(
        _ agent: RunningCommand, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        try context.eventuallyTable(agent, [], file: file, line: line)
    }

    // MARK: - Machines

    /// Has devices that are made from now on use IPv6 addresses at once, without asking for duplicates first.
    private static func prepare() throws(ScenarioFailure) {
        for name in ["all", "default"] { try set("ipv6/conf/\(name)/accept_dad", "0") }
    }

    /// Gives a device of the current namespace its addresses, and brings it up.
    private static func configure(
        _ context: Context, _ device: String, _ addresses: [String], gateways: [String] = []
    ) throws(ScenarioFailure) {
        var commands = addresses.map { address in
            address.contains(":")
                ? "address add \(address)/64 dev \(device) nodad" : "address add \(address)/24 dev \(device)"
        }
        commands += ["link set lo up", "link set \(device) up"]
        commands += gateways.map { "route add default via \($0)" }
        try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
    }

    /// Sets a variable of the current namespace.
    static func set(_ name: String, _ value: String) throws(ScenarioFailure) {
        let path = "/proc/sys/net/\(name)"
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCall.failure(path) }
        defer { close(descriptor) }
        guard write(descriptor, value, value.utf8.count) == value.utf8.count else { throw SystemCall.failure(path) }
    }
}
