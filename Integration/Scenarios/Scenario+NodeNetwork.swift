import Glibc
import LoadBalancing
import NodeNetwork
import TestSupport

extension Scenario {
    /// The node's addresses, routes, settings and tracked connections.
    static let nodeNetwork: [Scenario] =
        VIPContract.all.map { contract in
            Scenario("network: \(contract.name)") { context in
                try contract.check(VIPContractTable(try VIPClient(), outsider: AddressOutsider(context: context)))
            }
        } + addresses + routes + settings + flows

    private static let addresses = [
        Scenario("network: VIPs come and go beside others' addresses, devices and routes") { context in
            try context.run(
                ["ip", "-batch", "-"],
                input: """
                    link add other0 type dummy
                    link set other0 up
                    address add 203.0.113.5/24 dev other0
                    address add 2001:db8:5::5/64 dev other0 nodad
                    route add 10.0.0.0/8 dev other0
                    route add local 10.200.0.0/16 dev lo table local
                    route add local 10.201.0.0/16 dev lo table local proto 99

                    """)
            let before = try everything(context)
            let client = try VIPClient()
            let wanted = try parsed(["10.96.0.1", "203.0.113.5", "2001:db8::10"])
            let plan = try plan(client, addresses: wanted)
            try expectEqual(plan.elsewhere, [try address("203.0.113.5"): "other0"])
            try expectEqual(
                plan.lines,
                [
                    "create device ipvsync0", "set ipvsync0 up", "add address 10.96.0.1 to ipvsync0",
                    "add address 2001:db8::10 to ipvsync0",
                ])
            try apply(client, plan)
            try expectEqual(
                try context.run(["ip", "-brief", "address", "show", "dev", "ipvsync0"]).output
                    .split(separator: " ").map(String.init),
                ["ipvsync0", "UNKNOWN", "10.96.0.1/32", "2001:db8::10/128", "\n"])
            let link = try context.run(["ip", "-details", "link", "show", "ipvsync0"]).output
            try expect(link.contains("NOARP") && link.contains("dummy") && link.contains("alias ipvsync"), link)
            // One local route for each address, and no others.
            try expectEqual(
                try context.run(["ip", "-6", "route", "show", "table", "all", "dev", "ipvsync0"]).outputLines
                    .filter { !$0.contains("ff00::/8") }.count, 1)
            try apply(client, try Self.plan(client, addresses: []))
            try apply(client, VIPPlan.cleanup(observed: try client.read(device: VIPDevice.defaultName)))
            try expectEqual(try everything(context), before)
        },
        Scenario("network: a device of our name that is somebody else's is refused") { context in
            try context.run(["ip", "link", "add", "ipvsync0", "type", "dummy"])
            try context.run(["ip", "address", "add", "10.96.0.9/32", "dev", "ipvsync0"])
            let before = try everything(context)
            let client = try VIPClient()
            let wanted = try parsed(["10.96.0.1"])
            do {
                _ = try plan(client, addresses: wanted)
                throw ScenarioFailure("there is a plan")
            } catch let error as VIPPlanError {
                try expectEqual(error, .deviceIsForeign(name: "ipvsync0"))
            }
            let failures = try client.apply(
                [.createDevice, .setUp, .addAddress(try address("10.96.0.1")), .removeDevice], device: "ipvsync0")
            try expectEqual(failures.map(\.errno), [EEXIST, EEXIST, EEXIST, EEXIST])
            try apply(client, VIPPlan.cleanup(observed: try client.read(device: "ipvsync0")))
            try expectEqual(try everything(context), before)
        },
        Scenario("network: a device that another makes between look and change stays his") { context in
            let client = try VIPClient()
            let plan = try plan(client, addresses: try parsed(["10.96.0.1"]))
            try context.run(["ip", "link", "add", "ipvsync0", "type", "dummy"])
            let before = try everything(context)
            let failures = try client.apply(plan.operations, device: plan.device)
            try expectEqual(failures.map(\.errno), [EEXIST, EEXIST, EEXIST])
            try expectEqual(try everything(context), before)
        },
        Scenario("network: without IPv6 there are still IPv4 addresses") { context in
            for name in ["all", "default"] { try Sysctls().write("net/ipv6/conf/\(name)/disable_ipv6", "1") }
            let client = try VIPClient()
            let plan = try plan(client, addresses: try parsed(["10.96.0.1", "2001:db8::1"]))
            let failures = try client.apply(plan.operations, device: plan.device)
            try expectEqual(failures.map(\.operation), [.addAddress(try address("2001:db8::1"))])
            try expectEqual(failures.map(\.errno), [EACCES])
            try expectEqual(try client.read(device: plan.device).addresses, try parsed(["10.96.0.1"]))
        },
        Scenario("network: 10,000 addresses come and go", timeLimit: .seconds(120)) { context in
            let client = try VIPClient()
            let addresses = Set(
                (0..<8_000).map { IPAddress(v4: 0x0A60_0000 + $0) }
                    + (0..<2_000).map { IPAddress(v6High: 0x2001_0DB8_0000_0000, low: $0 + 1) })
            let clock = ContinuousClock()
            let coming = try clock.measure { try apply(client, try plan(client, addresses: addresses)) }
            try expectEqual(
                try context.run(["ip", "-oneline", "address", "show", "dev", "ipvsync0"]).outputLines.count, 10_000)
            let idle = try clock.measure { try expect(try plan(client, addresses: addresses).isEmpty, "not done") }
            let going = try clock.measure { try apply(client, try plan(client, addresses: [])) }
            try expectEqual(
                try context.run(["ip", "-oneline", "address", "show", "dev", "ipvsync0"]).outputLines, [])
            StandardStream.output.writeLine("added in \(coming), nothing to do in \(idle), removed in \(going)")
            try apply(client, try plan(client, addresses: addresses))
            let removed = try clock.measure {
                try apply(client, VIPPlan.cleanup(observed: try client.read(device: VIPDevice.defaultName)))
            }
            StandardStream.output.writeLine("removed with the device in \(removed)")
        },
    ]

    private static let routes = [
        Scenario("network: by a route, every address of the network answers") { context in
            let machine = try PrivateNamespace()
            try context.run(["ip", "link", "add", "node", "type", "veth", "peer", "eth0", "netns", machine.path])
            let addresses = "address add 192.0.2.DEV/24 dev LINK\naddress add 2001:db8:2::DEV/64 dev LINK nodad\n"
            func configure(_ device: String, _ host: String, _ rest: String) throws(ScenarioFailure) {
                let batch = addresses.split(separator: "DEV", omittingEmptySubsequences: false).joined(separator: host)
                    .split(separator: "LINK", omittingEmptySubsequences: false).joined(separator: device)
                try context.run(["ip", "-batch", "-"], input: batch + "link set \(device) up\n" + rest)
            }
            try configure("node", "1", "")
            try machine.inside { () throws(ScenarioFailure) in
                try configure(
                    "eth0", "2", "route add 10.96.0.0/16 via 192.0.2.1\nroute add 2001:db8:96::/64 via 2001:db8:2::1\n")
            }
            let client = try VIPClient()
            let networks = [IPPrefix("10.96.0.0/16"), IPPrefix("2001:db8:96::/64")].compactMap(\.self)
            let before = try everything(context)
            let observed = try client.read(device: VIPDevice.defaultName)
            try apply(
                client, try VIPPlan.between(binding: .route, addresses: [], routes: networks, observed: observed))
            for (any, hosts) in [
                ("0.0.0.0", ["10.96.0.1", "10.96.3.7", "10.96.255.254"]),
                ("::", ["2001:db8:96::1", "2001:db8:96::ffff:1"]),
            ] {
                let listener = try TrafficSocket(boundTo: try SocketAddress(any, port: any == "::" ? 8006 : 8004))
                try listener.listen()
                for host in hosts {
                    let caller = try machine.inside { () throws(ScenarioFailure) in
                        try TrafficSocket(boundTo: try SocketAddress(any, port: 0))
                    }
                    let target = try SocketAddress(host, port: any == "::" ? 8006 : 8004)
                    try expectEqual(caller.connect(to: target), 0, "connect to \(host)")
                    var accepted: TrafficSocket?
                    try context.eventually("a connection to \(host)") {
                        accepted = listener.accept()
                        return accepted != nil
                    }
                    try expectEqual(accepted.map { _ in caller.takeError() }, 0, "error of \(host)")
                }
            }
            try apply(client, VIPPlan.cleanup(observed: try client.read(device: VIPDevice.defaultName)))
            try expectEqual(try everything(context), before)
        }
    ]

    private static let settings = [
        Scenario("network: kernel settings are made, and can be taken back") { context in
            let sysctls = Sysctls()
            let kernel = try require(KernelVersion.running, "no kernel version")
            let options = SysctlOptions(
                usesIPv6: true, strictARP: true, conntrackMinimum: 1, tcpEstablishedTimeout: 86_400,
                tcpCloseWaitTimeout: 3_600)
            try context.run(["modprobe", "nf_conntrack"])
            let wanted = options.wanted(kernel: kernel)
            let plan = try SysctlPlan.between(wanted: wanted, read: sysctls.read)
            try expectEqual(plan.missing, [])
            let before = try wanted.map { try sysctls.read($0.key) }
            try expectEqual(sysctls.apply(plan.changes).map(\.description), [])
            for change in plan.changes {
                let name = Sysctl.name(of: change.key)
                try expectEqual(try context.run(["cat", "/proc/sys/\(change.key)"]).outputLines, [change.new], name)
            }
            try expectEqual(try SysctlPlan.between(wanted: wanted, read: sysctls.read).changes, [])
            try expectEqual(sysctls.apply(plan.changes.reversed().map(\.undone)).map(\.description), [])
            try expectEqual(try wanted.map { try sysctls.read($0.key) }, before)
        },
        Scenario("network: read-only kernel settings come with the remedy") { context in
            // The scenario's process has mounts of its own.
            try context.run(["mount", "--bind", "/proc/sys", "/proc/sys"])
            try context.run(["mount", "-o", "remount,bind,ro", "/proc/sys"])
            let refused = Sysctls().apply([SysctlChange(key: "net/ipv4/ip_forward", old: "0", new: "1")])
            let error = try require(refused.first, "it was set")
            try expect(error.isReadOnly, error.description)
            try expect(error.description.contains("sysctl -w net.ipv4.ip_forward=1"), error.description)
        },
    ]

    private static let flows = [
        Scenario("network: the entries of stale flows go, and no others") { context in
            try track(context, port: 4001, to: "10.96.0.10", answeredBy: "10.244.1.5", 5353)
            try track(context, port: 4002, to: "10.96.0.10", answeredBy: "10.244.1.5", 5353)
            try track(context, port: 4003, to: "10.96.0.10", answeredBy: "10.244.1.6", 5353)
            try track(context, port: 4004, to: "10.96.0.10", answeredBy: "10.244.1.5", 5354)
            try track(context, port: 4005, to: "10.96.0.11", answeredBy: "10.244.1.5", 5353)
            try track(
                context, ["-p", "tcp", "--state", "ESTABLISHED"], port: 4006, to: "10.96.0.10",
                answeredBy: "10.244.1.5", 5353)
            try track(context, port: 4007, from: "2001:db8::9", to: "2001:db8::10", answeredBy: "2001:db8::10", 53)
            let client = try ConntrackClient()
            let flow = StaleFlow(
                .udp, virtualServer: try endpoint("10.96.0.10:53"), realServer: try endpoint("10.244.1.5:5353"))
            try expectEqual(try client.entries(matching: [flow]).map(\.original.source.port).sorted(), [4001, 4002])
            try expectEqual(try client.deleteEntries([flow]), 2)
            try expectEqual(try client.deleteEntries([flow]), 0)
            try expectEqual(try ports(context), [4003, 4004, 4005, 4006, 4007])
            let sixth = try endpoint("[2001:db8::10]:53")
            let unanswered = StaleFlow(.udp, virtualServer: sixth, realServer: sixth)
            let anyAddress = StaleFlow(.udp, virtualAddress: nil, virtualPort: 53, realServer: flow.realServer)
            try expectEqual(try client.deleteEntries([unanswered, anyAddress]), 2)
            try expectEqual(try ports(context), [4003, 4004, 4006])
        },
        Scenario("network: 5,000 stale flows among 5,000 others", timeLimit: .seconds(120)) { context in
            let client = "-p udp -t 300 -s 192.0.2.9 -q 192.0.2.9 -d 10.96.0.10 --dport 53 --reply-port-src 5353"
            let lines = (0..<10_000).map { index in
                "-I \(client) --sport \(10_000 + index) --reply-port-dst \(10_000 + index) -r 10.244.1.\(5 + index % 2)"
            }
            let path = try context.write(lines.joined(separator: "\n") + "\n", to: "entries")
            try context.run(["conntrack", "--load-file", path], timeLimit: .seconds(60))
            let tracking = try ConntrackClient()
            let flow = StaleFlow(
                .udp, virtualServer: try endpoint("10.96.0.10:53"), realServer: try endpoint("10.244.1.5:5353"))
            let duration = try ContinuousClock().measure { try expectEqual(try tracking.deleteEntries([flow]), 5_000) }
            StandardStream.output.writeLine("deleted in \(duration)")
            try expectEqual(Set(try ports(context)), Set((0..<10_000).filter { $0 % 2 == 1 }.map { 10_000 + $0 }))
        },
        Scenario("network: the entries of stale flows go from every zone", tags: [.fullKernel]) { context in
            let zones = [[], ["--zone", "7"], ["--orig-zone", "8"]]
            for (index, zone) in zones.enumerated() {
                try track(
                    context, ["-p", "udp"] + zone, port: 4001 + index, to: "10.96.0.10", answeredBy: "10.244.1.5", 5353)
            }
            try track(
                context, ["-p", "udp", "--zone", "7"], port: 4009, to: "10.96.0.10", answeredBy: "10.244.1.6", 5353)
            let flow = StaleFlow(
                .udp, virtualServer: try endpoint("10.96.0.10:53"), realServer: try endpoint("10.244.1.5:5353"))
            try expectEqual(try ConntrackClient().deleteEntries([flow]), 3)
            try expectEqual(try ports(context), [4009])
        },
        Scenario("network: UDP clients of a removed real server reach another", tags: [.fullKernel]) { context in
            let sysctls = Sysctls()
            for key in ["net/ipv4/ip_forward", "net/ipv4/vs/conntrack"] { try sysctls.write(key, "1") }
            // Connections are tracked where a rule asks for their state.
            try context.run(
                ["nft", "-f", "-"],
                input:
                    "table ip track { chain forward { type filter hook forward priority 0; ct state invalid drop; }; }")
            let site = try FlowSite(context)
            let (address, port) = ("203.0.113.53", UInt16(53))
            try apply(try VIPClient(), try plan(try VIPClient(), addresses: try parsed([address])))
            try context.ipvsadm("-A", "-u", "\(address):\(port)", "-s", "rr")
            for server in FlowSite.servers {
                try context.ipvsadm("-a", "-u", "\(address):\(port)", "-r", "\(server):5353", "-m")
            }
            let sockets = try (0..<4).map { (index) throws(ScenarioFailure) in
                try site.clientSocket(port: 4000 + UInt16(index))
            }
            var answers: [String] = []
            for socket in sockets { answers.append(try site.ask(socket, address, port: port)) }
            try expectEqual(Set(answers), Set(FlowSite.servers))
            let direct = try site.clientSocket(port: 4100)
            try expectEqual(try site.ask(direct, FlowSite.servers[0], port: 5353), FlowSite.servers[0])
            let stale = StaleFlow(
                .udp, virtualServer: try endpoint("\(address):\(port)"),
                realServer: try endpoint("\(FlowSite.servers[0]):5353"))
            let client = try ConntrackClient()
            let gone = answers.indices.filter { answers[$0] == FlowSite.servers[0] }.map { UInt16(4000 + $0) }
            try expectEqual(try client.entries(matching: [stale]).map(\.original.source.port).sorted(), gone)
            try context.ipvsadm("-d", "-u", "\(address):\(port)", "-r", stale.realServer.description)
            try expectEqual(try client.deleteEntries([stale]), gone.count)
            let kept = (4000..<4004).filter { !gone.contains(UInt16($0)) } + [4100]
            try expectEqual(try ports(context), kept)
            for socket in sockets {
                try expectEqual(try site.ask(socket, address, port: port), FlowSite.servers[1])
            }
        },
    ]
}

/// The steps that the scenarios share.
extension Scenario {
    private static func address(_ text: String) throws(ScenarioFailure) -> IPAddress {
        try require(IPAddress(text), "no address: \(text)")
    }

    private static func endpoint(_ text: String) throws(ScenarioFailure) -> Endpoint {
        try require(Endpoint(text), "no endpoint: \(text)")
    }

    /// Has the kernel track a client's connection to port 53 that a real server answers.
    private static func track(
        _ context: Context, _ kind: [String] = ["-p", "udp"], port: Int, from client: String = "192.0.2.9",
        to host: String, answeredBy realServer: String, _ realPort: Int
    ) throws(ScenarioFailure) {
        let original = ["-s", client, "--sport", "\(port)", "-d", host, "--dport", "53"]
        let reply = [
            "-r", realServer, "--reply-port-src", "\(realPort)", "-q", client, "--reply-port-dst", "\(port)",
        ]
        try context.run(["conntrack", "-I", "-t", "300"] + kind + original + reply)
    }

    private static func parsed(_ texts: [String]) throws(ScenarioFailure) -> Set<IPAddress> {
        Set(try texts.map { (text) throws(ScenarioFailure) in try address(text) })
    }

    private static func plan(_ client: VIPClient, addresses: Set<IPAddress>) throws -> VIPPlan {
        try VIPPlan.between(
            binding: .address, addresses: addresses, routes: [],
            observed: try client.read(device: VIPDevice.defaultName))
    }

    private static func apply(_ client: VIPClient, _ plan: VIPPlan) throws {
        let failures = try client.apply(plan.operations, device: plan.device)
        try expectEqual(failures.map { $0.text(device: plan.device) }, [], "failures")
    }

    /// Devices, addresses and routes of the namespace as `ip` shows them.
    private static func everything(_ context: Context) throws(ScenarioFailure) -> [String] {
        var lines: [String] = []
        for arguments in [
            ["-details", "link", "show"], ["address", "show"], ["route", "show", "table", "all"],
            ["-6", "route", "show", "table", "all"],
        ] { lines += try context.run(["ip"] + arguments).outputLines }
        return lines
    }

    /// The clients' ports of everything that is tracked.
    private static func ports(_ context: Context) throws(ScenarioFailure) -> [Int] {
        var lines: [String] = []
        for family in ["ipv4", "ipv6"] { lines += try context.run(["conntrack", "-L", "-f", family]).outputLines }
        return lines.compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("sport=") }.flatMap { Int($0.dropFirst(6)) }
        }.sorted()
    }
}

/// Whoever uses `ip` beside us.
private struct AddressOutsider: VIPOutsider {
    let context: Context

    func addDevice(_ name: String) throws { try context.run(["ip", "link", "add", name, "type", "dummy"]) }

    func addAddress(_ address: IPAddress, to device: String) throws {
        let nodad = address.family == .ipv6 ? ["nodad"] : []
        try context.run(
            ["ip", "address", "add", "\(address)/\(address.family.bitWidth)", "dev", device] + nodad)
    }
}
