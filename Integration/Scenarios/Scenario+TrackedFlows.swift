import LoadBalancing
import NodeNetwork

extension Scenario {
    /// The connections that the kernel tracks: which go with a real server, and which stay.
    static let trackedFlows = [
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
        Scenario("network: 5,000 stale flows among 5,000 others") { context in
            let client = "-p udp -t 300 -s 192.0.2.9 -q 192.0.2.9 -d 10.96.0.10 --dport 53 --reply-port-src 5353"
            let lines = (0..<10_000).map { index in
                "-I \(client) --sport \(10_000 + index) --reply-port-dst \(10_000 + index) -r 10.244.1.\(5 + index % 2)"
            }
            let path = try context.write(lines.joined(separator: "\n") + "\n", to: "entries")
            try context.run(["conntrack", "--load-file", path])
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
        Scenario("data path: SCTP entries go with their real server where that is asked for", tags: [.fullKernel]) {
            context in
            let established = ["-p", "sctp", "--state", "ESTABLISHED", "--orig-vtag", "1", "--reply-vtag", "2"]
            for (protocols, kept) in [("[udp]", [4001, 4002]), ("[udp, sctp]", [4002])] {
                try synchronizeSCTP(context, endpoint: "10.244.1.5", flushing: protocols)
                try track(context, established, port: 4001, to: "10.96.0.10", answeredBy: "10.244.1.5", 5353)
                try track(context, established, port: 4002, to: "10.96.0.11", answeredBy: "10.244.1.5", 5353)
                try synchronizeSCTP(context, endpoint: "10.244.1.6", flushing: protocols)
                try expectEqual(try ports(context), kept, "what is tracked with flushConntrack \(protocols)")
                try context.run(["conntrack", "-F"])
            }
        },
        Scenario("network: UDP clients of a removed real server reach another", tags: [.fullKernel]) { context in
            let sysctls = Sysctls()
            let wanted = SysctlOptions().wanted(kernel: try require(KernelVersion.running, "no kernel version"))
            let changes = try SysctlPlan.between(wanted: wanted, read: sysctls.read).changes
            try expectEqual(sysctls.apply(changes).map(\.description), [])
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
            // From Linux 5.9 on, IPVS by this setting drops the entries of its own connections a moment after their real
            // server; without it they stay, and their packets get lost.
            try sysctls.write("net/ipv4/vs/expire_nodest_conn", "0")
            try context.ipvsadm("-d", "-u", "\(address):\(port)", "-r", stale.realServer.description)
            try expectEqual(try client.deleteEntries([stale]), gone.count)
            try sysctls.write("net/ipv4/vs/expire_nodest_conn", "1")
            let kept = (4000..<4004).filter { !gone.contains(UInt16($0)) } + [4100]
            try expectEqual(try ports(context), kept)
            for socket in sockets {
                try expectEqual(try site.ask(socket, address, port: port), FlowSite.servers[1])
            }
        },
    ]
}

extension Scenario {
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

    /// Makes a Service's one endpoint the real server of its cluster IP.
    private static func synchronizeSCTP(
        _ context: Context, endpoint: String, flushing protocols: String
    ) throws(ScenarioFailure) {
        let manifest = try context.write(
            """
            ---
            {apiVersion: v1, kind: Service, metadata: {name: s, namespace: default}, spec: {clusterIP: 10.96.0.10,
            clusterIPs: [10.96.0.10], ipFamilies: [IPv4], ports: [{name: a, port: 53, protocol: SCTP}]}}
            ---
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: s-1, namespace: default,
            labels: {kubernetes.io/service-name: s}}, addressType: IPv4, ports: [{name: a, port: 5353, protocol: SCTP}],
            endpoints: [{addresses: [\(endpoint)]}]}

            """, to: "sctp.yaml")
        let configuration = try context.write(
            "{virtualServers: [], network: {vipBinding: none, flushConntrack: \(protocols)}}\n", to: "node.yaml")
        try context.command("--once", "--manifests", manifest, "--node", "node1", "--config", configuration)
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
