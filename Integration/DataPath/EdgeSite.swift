import Glibc
import LoadBalancing

/// Two directors behind a router that spreads flows over them, and servers that answer clients themselves.
///
/// The scenario's own namespace is the router. Directors and servers share a network, as direct routing needs; the
/// servers have the address of the Service too, on their loopback device.
final class EdgeSite {
    let context: Context
    private let client: PrivateNamespace
    private var directors: [Director] = []
    private var servers: [EchoServers] = []
    private var serverNamespaces: [PrivateNamespace] = []

    /// A director with its agent.
    final class Director {
        let number: Int
        let namespace: PrivateNamespace
        var agent: RunningCommand?

        init(number: Int) throws(ScenarioFailure) {
            self.number = number
            namespace = try PrivateNamespace()
        }

        func address(_ family: AddressFamily) -> String { family == .ipv4 ? "10.77.0.\(number)" : "fd77::\(number)" }
    }

    /// The address of the Service.
    static func address(_ family: AddressFamily) -> String { family == .ipv4 ? "203.0.113.80" : "2001:db8:113::80" }

    static func server(_ number: Int, _ family: AddressFamily) -> String {
        family == .ipv4 ? "10.77.0.\(10 + number)" : "fd77::\(10 + number)"
    }

    /// A real server as `ipvsadm` writes it.
    static func socket(_ number: Int, _ family: AddressFamily) -> String {
        let host = server(number, family)
        return family == .ipv6 ? "[\(host)]:80" : "\(host):80"
    }

    private static func router(_ family: AddressFamily) -> String { family == .ipv4 ? "10.77.0.254" : "fd77::fe" }
    private static let clients = (1...5).flatMap { ["192.0.2.\($0)", "2001:db8:1::\($0)"] }
    static let serverCount = 6

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        client = try PrivateNamespace()
        try prepare()
        // Flows are told apart by their ports too.
        try TrafficSite.set("ipv4/fib_multipath_hash_policy", "1")
        try TrafficSite.set("ipv6/fib_multipath_hash_policy", "1")
        try ip(["link add lan type bridge", "link set lan up"] + addresses("lan", Self.router))
        try ip(
            ["link add client type veth peer name eth0 netns \(client.path)", "link set client up"]
                + ["192.0.2.254/24", "2001:db8:1::fe/64"].map { "address add \($0) dev client nodad" })
        try client.inside { () throws(ScenarioFailure) in
            try prepare()
            // The router of the same kernel takes a socket's hash for that of the flow, which a packet that is sent again
            // changes: no flow of a real client would change its path then.
            try TrafficSite.set("core/txrehash", "0")
            try ip(
                ["link set eth0 up"]
                    + Self.clients.map { "address add \($0)/\($0.contains(":") ? 64 : 24) dev eth0 nodad" }
                    + ["192.0.2.254", "2001:db8:1::fe"].map { "route add default via \($0) dev eth0 onlink" })
        }
        for number in 1...2 {
            let director = try Director(number: number)
            try connect(director.namespace, "director\(number)", director.address)
            directors.append(director)
        }
        for number in 1...Self.serverCount {
            let namespace = try PrivateNamespace()
            serverNamespaces.append(namespace)
            try connect(namespace, "server\(number)") { Self.server(number, $0) }
            try namespace.inside { () throws(ScenarioFailure) in
                // The address of the Service is here, and no neighbour learns it from this server.
                try TrafficSite.set("ipv4/conf/all/arp_ignore", "1")
                try TrafficSite.set("ipv4/conf/all/arp_announce", "2")
                try ip(
                    AddressFamily.allCases.map { "address add \(Self.address($0))/\($0.bitWidth) dev lo nodad" })
            }
            servers.append(try EchoServers(AddressFamily.allCases.map(Self.address), port: 80, in: namespace))
        }
    }

    // MARK: - Directors

    var all: [Director] { directors }

    /// Starts an agent on a director, with the endpoints that it is to know first.
    func start(
        _ director: Director, endpoints: [Int], setsSysctls: Bool = true, cleansUp: Bool = false, firewall: Bool = false
    )
        throws(ScenarioFailure)
    {
        try declare(endpoints, to: director)
        let lines = [
            "virtualServers: []", "syncInterval: 1s", "minSyncInterval: 0s", "services: {edge: true}",
            "cleanupOnExit: \(cleansUp)", "removalGuard: off",
        ]
        let configuration = try context.write(
            (lines + ["network: {vipBinding: address, firewall: \(firewall), sysctls: \(setsSysctls)}\n"])
                .joined(separator: "\n"),
            to: "director\(director.number).yaml")
        let (context, folder) = (context, folder(director))
        director.agent = try director.namespace.inside { () throws(ScenarioFailure) in
            try context.startIPVSync(
                "--manifests", folder, "--node", "edge\(director.number)", "--config", configuration,
                "--state-dir", "\(context.directory)/state\(director.number)")
        }
        try eventually(director, endpoints)
    }

    /// Has a director know these endpoints, in this order.
    func change(_ director: Director, endpoints: [Int]) throws(ScenarioFailure) {
        try declare(endpoints, to: director)
        try eventually(director, endpoints)
    }

    /// The real servers of a director in the kernel's own order, but for what drains.
    func order(_ director: Director, _ family: AddressFamily) throws(ScenarioFailure) -> [String] {
        let context = context
        let lines = try director.namespace.inside { () throws(ScenarioFailure) in
            try context.ipvsadm("-Ln", "--nosort").outputLines
        }
        // `-> 10.77.0.11:80  Route  1  0  0`
        return lines.map { $0.split(separator: " ").map(String.init) }
            .filter { $0.count > 4 && $0[2] == "Route" && $0[3] != "0" && $0[1].hasPrefix("[") == (family == .ipv6) }
            .map { $0[1] }
    }

    /// Takes the Service's external addresses away from a director.
    func withdraw(from director: Director) throws(ScenarioFailure) {
        try declare([1], to: director, hasExternalAddresses: false)
    }

    private func eventually(_ director: Director, _ endpoints: [Int]) throws(ScenarioFailure) {
        let log = { director.agent?.error ?? "" }
        try context.eventually("\(endpoints) at director \(director.number)\n\(log())") {
            () throws(ScenarioFailure) in
            for family in AddressFamily.allCases {
                let wanted = endpoints.map { Self.socket($0, family) }
                guard Set(try order(director, family)) == Set(wanted) else { return false }
            }
            return true
        }
    }

    // MARK: - Routes

    /// Has the router spread flows over some directors.
    func route(to directors: [Director]) throws(ScenarioFailure) {
        try ip(
            AddressFamily.allCases.map { family in
                let hops = directors.map { "nexthop via \($0.address(family)) dev lan onlink" }
                return
                    "route replace \(Self.address(family))/\(family.bitWidth) \(hops.joined(separator: " "))"
            })
    }

    /// A director fails without a word: its agent, its network, and a moment later its route.
    func kill(_ director: Director) throws(ScenarioFailure) {
        director.agent?.send(SIGKILL)
        try ip(["link set director\(director.number) down"])
        usleep(50_000)
        try route(to: directors.filter { $0 !== director })
    }

    /// How many connections a director has, as its kernel counts them.
    func connections(_ director: Director) throws(ScenarioFailure) -> Int {
        let context = context
        return try director.namespace.inside { () throws(ScenarioFailure) in
            try context.ipvsadm("-Lnc").outputLines.count { $0.contains(":80 ") }
        }
    }

    // MARK: - Traffic

    /// Opens long-lived connections to the Service, as many of each family, and asks on them all the time.
    func traffic(_ count: Int) throws(ScenarioFailure) -> Traffic {
        let targets = try AddressFamily.allCases.map { (family) throws(ScenarioFailure) in
            try SocketAddress(Self.address(family), port: 80)
        }
        let traffic = try Traffic(from: Self.clients, to: targets, in: client)
        try traffic.openLongConnections(count)
        return traffic
    }

    // MARK: - Machines

    private func folder(_ director: Director) -> String { "\(context.directory)/manifests\(director.number)" }

    private func declare(
        _ endpoints: [Int], to director: Director, hasExternalAddresses: Bool = true
    ) throws(ScenarioFailure) {
        let addresses = hasExternalAddresses ? "\(Self.address(.ipv4)), \"\(Self.address(.ipv6))\"" : ""
        mkdir(folder(director), 0o755)
        let service = """
            ---
            {apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {
              clusterIPs: [10.96.0.80, "fd96::80"], ipFamilies: [IPv4, IPv6], type: ClusterIP, ports: [{port: 80}],
              externalIPs: [\(addresses)]}}

            """
        let slices = AddressFamily.allCases.map { family in
            let list = endpoints.map { "{addresses: [\"\(Self.server($0, family))\"]}" }.joined(separator: ", ")
            return """
                ---
                {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: \(family == .ipv4 ? "IPv4" : "IPv6"),
                  metadata: {name: web-\(family), namespace: shop, labels: {kubernetes.io/service-name: web}},
                  ports: [{port: 80}], endpoints: [\(list)]}

                """
        }
        let path = "\(folder(director))/web.yaml"
        let next = try context.write(service + slices.joined(), to: "web.new")
        guard rename(next, path) == 0 else { throw SystemCall.failure(path) }
    }

    private func connect(
        _ namespace: PrivateNamespace, _ name: String, _ address: (AddressFamily) -> String
    ) throws(ScenarioFailure) {
        try ip([
            "link add \(name) type veth peer name eth0 netns \(namespace.path)", "link set \(name) master lan up",
        ])
        try namespace.inside { () throws(ScenarioFailure) in
            try prepare()
            try ip(
                ["link set eth0 up"] + addresses("eth0", address)
                    + AddressFamily.allCases.map { "route add default via \(Self.router($0)) dev eth0 onlink" })
        }
    }

    private func addresses(_ device: String, _ address: (AddressFamily) -> String) -> [String] {
        AddressFamily.allCases.map { "address add \(address($0))/\($0 == .ipv4 ? 24 : 64) dev \(device) nodad" }
    }

    private func prepare() throws(ScenarioFailure) {
        for name in ["all", "default"] {
            try TrafficSite.set("ipv6/conf/\(name)/accept_dad", "0")
            try TrafficSite.set("ipv4/conf/\(name)/rp_filter", "0")
        }
        try TrafficSite.set("ipv4/ip_forward", "1")
        try TrafficSite.set("ipv6/conf/all/forwarding", "1")
        try ip(["link set lo up"])
    }

    private func ip(_ commands: [String]) throws(ScenarioFailure) {
        try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
    }
}
