import Agent
import DataPath
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
        } + addresses + routes + settings + trackedFlows

    private static let addresses = [
        Scenario("network: addresses of a device of ours are not the node's own, whatever its name") { context in
            let failures = try VIPClient().apply(
                [.createDevice, .addAddress(try address("10.96.0.1")), .setUp], device: "vips7")
            try expectEqual(failures.map(\.errno), [])
            try context.run(
                ["ip", "-batch", "-"],
                input: """
                    link set lo up
                    link add other0 type dummy
                    link add kube-ipvs0 type dummy
                    link set other0 up
                    address add 203.0.113.5/24 dev other0
                    address add 2001:db8:5::5/64 dev other0 nodad
                    address add 10.96.0.2/32 dev kube-ipvs0

                    """)
            let own = try HostIdentity.stations(except: "vips0").addresses.sorted()
            try expectEqual(own.map(\.description), ["203.0.113.5", "2001:db8:5::5"])
        },
        Scenario("network: gateways of default routes and broadcast addresses are told, of every table and family") {
            context in
            try context.run(
                ["ip", "-batch", "-"],
                input: """
                    link set lo up
                    link add other0 type dummy
                    link set other0 up
                    address add 203.0.113.5/24 dev other0
                    address add 198.51.100.5/25 brd 198.51.100.100 dev other0
                    address add 198.51.100.200/31 dev other0
                    address add 2001:db8:5::5/64 dev other0 nodad
                    route add default nexthop via 203.0.113.1 dev other0 nexthop via 203.0.113.2 dev other0
                    route add default via 203.0.113.3 dev other0 table 77
                    route add default via inet6 2001:db8:5::4 dev other0 table 78
                    route add 10.0.0.0/8 via 203.0.113.9 dev other0

                    """)
            try context.run(["ip", "-6", "route", "add", "default", "via", "2001:db8:5::1", "dev", "other0"])
            let stations = try HostIdentity.stations()
            try expectEqual(
                stations.gateways.sorted().map(\.description),
                ["203.0.113.1", "203.0.113.2", "203.0.113.3", "2001:db8:5::1", "2001:db8:5::4"])
            try expectEqual(
                stations.broadcasts.sorted().map(\.description), ["198.51.100.100", "203.0.113.255"])
        },
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
                    "create device ipvsync0", "add address 10.96.0.1 to ipvsync0", "set ipvsync0 up",
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
}

/// The steps that the scenarios share.
extension Scenario {
    private static func address(_ text: String) throws(ScenarioFailure) -> IPAddress {
        try require(IPAddress(text), "no address: \(text)")
    }

    static func parsed(_ texts: [String]) throws(ScenarioFailure) -> Set<IPAddress> {
        Set(try texts.map { (text) throws(ScenarioFailure) in try address(text) })
    }

    static func plan(_ client: VIPClient, addresses: Set<IPAddress>) throws -> VIPPlan {
        try VIPPlan.between(
            binding: .address, addresses: addresses, routes: [],
            observed: try client.read(device: VIPDevice.defaultName))
    }

    static func apply(_ client: VIPClient, _ plan: VIPPlan) throws {
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
        // The kernel makes link-local addresses in its own time.
        return lines.filter { !$0.contains("fe80::") }
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
