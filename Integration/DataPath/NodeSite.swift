import Glibc
import LoadBalancing

/// A node alone, with Services in manifests, beside a network of others' that has to stay as it is.
struct NodeSite {
    let context: Context
    private let manifests: String

    static let service: LabService = {
        var service = LabService(name: "web", number: 1, type: "LoadBalancer", endpoints: [.a, .c], hasNodePort: true)
        // Another device has these addresses already.
        service.hasIngress = true
        return service
    }()
    /// What the node's settings are made.
    static let sysctls = [
        "net/ipv4/vs/conntrack", "net/ipv4/vs/expire_nodest_conn", "net/ipv4/vs/expire_quiescent_template",
        "net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/all/arp_ignore",
        "net/ipv4/conf/all/arp_announce", "net/netfilter/nf_conntrack_tcp_timeout_established",
    ]

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        manifests = try context.write(Self.service.manifests, to: "services.yaml")
        for name in ["all", "default"] { try TrafficSite.set("ipv6/conf/\(name)/accept_dad", "0") }
        let addresses = AddressFamily.allCases.map { "\(Self.service.ingress($0))/\($0.bitWidth)" }
        let commands =
            ["link add other0 type dummy", "link set other0 up", "address add 203.0.113.5/24 dev other0"]
            + addresses.map { "address add \($0) dev other0" }
        try context.run(["ip", "-batch", "-"], input: commands.joined(separator: "\n"))
        try context.run(
            ["nft", "-f", "-"],
            input: """
                table inet other {
                    set friends {
                        type ipv4_addr
                        elements = { 192.0.2.7, 10.96.0.1 }
                    }
                    chain input {
                        type filter hook input priority 0; policy accept;
                        ip saddr @friends accept
                    }
                }
                table ip ipvsync {
                    chain none {
                    }
                }

                """)
        try context.ipvsadm("-A", "-t", "203.0.113.5:81", "-s", "rr")
        // What nobody has touched before is loaded with the first look.
        _ = try context.ipvsadmSave()
    }

    // MARK: - Runs

    /// Arguments of a run on the Services.
    ///
    /// - Parameters:
    ///   - network: `off`, or fields of `network`.
    ///   - fields: More fields of the file.
    func arguments(network: String = standard, _ fields: String...) throws(ScenarioFailure) -> [String] {
        let text = ["virtualServers: []"] + fields + ["network: \(network)"]
        let configuration = try context.write("{\(text.joined(separator: ", "))}\n", to: "node.yaml")
        return ["--manifests", manifests, "--node", "node1", "--config", configuration]
    }

    static let standard =
        "{vipBinding: address, strictARP: true, clusterCIDRs: [10.244.0.0/16], "
        + "tcpEstablishedTimeout: 24h}"

    /// Runs ipvsync to its end and expects an exit status.
    ///
    /// - Parameter prefix: The command that runs it.
    @discardableResult
    func run(
        _ arguments: [String], by prefix: [String] = [], status: Int32 = 0, file: StaticString = #fileID,
        line: Int = #line
    ) throws(ScenarioFailure) -> CommandResult {
        let result = try Command(prefix + [context.ipvsync] + arguments).run()
        try expectEqual(result.status, .exited(status), "\(result)\nexit status", file: file, line: line)
        return result
    }

    // MARK: - What there is

    /// The parts of the node that are or may be of ipvsync's making.
    func own() throws(ScenarioFailure) -> NodeState {
        try NodeState(
            virtualServers: context.ipvsadmSave().filter { !$0.contains("203.0.113.5:81") }.count,
            table: text(["nft", "list", "table", "inet", "ipvsync"]),
            // An address that is back is the last.
            device: text(["ip", "-oneline", "address", "show", "dev", "ipvsync0"]).split(separator: "\n").sorted()
                .joined(separator: "\n"), sysctls: sysctls())
    }

    /// Everything that is others'.
    func foreign() throws(ScenarioFailure) -> [String] {
        let commands = [
            ["nft", "list", "table", "inet", "other"], ["nft", "list", "table", "ip", "ipvsync"],
            ["ip", "-details", "address", "show", "dev", "other0"],
            ["ip", "route", "show", "table", "all", "dev", "other0"],
            ["ip", "-6", "route", "show", "table", "all", "dev", "other0"], ["ipvsadm", "-Ln", "-t", "203.0.113.5:81"],
        ]
        var lines: [String] = []
        for command in commands { lines += try context.run(command).outputLines }
        // Where IPv6 is forwarded, the kernel has these on every device.
        return lines.filter { !$0.hasPrefix("anycast ") }
    }

    /// What a command prints; nothing when it fails.
    private func text(_ arguments: [String]) throws(ScenarioFailure) -> String {
        let result = try Command(arguments).run()
        return result.succeeded ? result.output : ""
    }

    private func sysctls() throws(ScenarioFailure) -> [String] {
        let paths = Self.sysctls.map { "/proc/sys/\($0)" }
        return try context.run(["cat"] + paths).outputLines
    }
}

/// What a node has of what ipvsync makes.
struct NodeState: Equatable {
    let virtualServers: Int
    let table: String
    let device: String
    let sysctls: [String]

    /// A table that was made anew lists its elements in another order.
    static func == (left: Self, right: Self) -> Bool {
        left.virtualServers == right.virtualServers && left.words == right.words && left.device == right.device
            && left.sysctls == right.sysctls
    }

    private var words: [Substring] { table.split { ", \n\t".contains($0) }.sorted() }

    /// Ends the scenario as failed unless everything that the Service needs is there.
    func expectWhole(sysctls expected: [String] = wantedSysctls, file: StaticString = #fileID, line: Int = #line)
        throws(ScenarioFailure)
    {
        try expect(virtualServers > 0, "no virtual servers", file: file, line: line)
        for element in ["10.96.0.1 . tcp . 80", "10.244.1.11 . 10.244.1.11", "fd00:10:96::1 . udp . 80"] {
            try expect(table.contains(element), "no \(element) in \(table)", file: file, line: line)
        }
        for address in ["10.96.0.1/32", "fd00:10:96::1/128"] {
            try expect(device.contains(address), "no \(address) on \(device)", file: file, line: line)
        }
        try expect(!device.contains("198.18.0.1"), "another device's address on \(device)", file: file, line: line)
        try expectEqual(sysctls, expected, "settings", file: file, line: line)
    }

    static let wantedSysctls = ["1", "1", "1", "1", "1", "1", "2", "86400"]
}
