extension Scenario {
    /// Whose addresses a Service may take, on a node that has neighbours.
    static let claimedAddresses: [Scenario] = [
        Scenario("addresses: none of the API server, a gateway or a node is a Service's", timeLimit: .seconds(120)) {
            context in
            let site = try AddressSite(context)
            // By a name, which only a connection tells the address of.
            let server = try site.server(named: "api.test")
            server.setService(["192.0.2.10", "192.0.2.1", "192.0.2.11", "192.0.2.12", "203.0.113.9"])
            let agent = try site.startAgent(server)
            try site.expectTaken(["10.96.0.10", "203.0.113.9"], agent)
            try context.eventually("four warnings\n\(agent.error)") { () throws(ScenarioFailure) in
                try context.metric(#"ipvsync_service_warnings{reason="address"}"#) == 4
            }
            let status = try context.command("status", "--output", "json").output
            for address in ["192.0.2.10", "192.0.2.1 ", "192.0.2.11", "192.0.2.12"] {
                try expect(status.contains("external IP \(address)"), "no word of \(address) in \(status)")
            }
            // The server is heard all the time.
            server.setService(["192.0.2.2", "203.0.113.8"])
            try site.expectTaken(["10.96.0.10", "192.0.2.2", "203.0.113.8"], agent)
            // Surroundings change: a gateway, a node.
            try context.run(["ip", "route", "replace", "default", "via", "192.0.2.2"])
            try site.expectTaken(["10.96.0.10", "203.0.113.8"], agent)
            server.setNode("n3", "203.0.113.8")
            try site.expectTaken(["10.96.0.10"], agent)
            try context.run(["ip", "route", "replace", "default", "via", "192.0.2.1"])
            try site.expectTaken(["10.96.0.10", "192.0.2.2"], agent)
        },
        Scenario(
            "addresses: an agent finds back to an API server at an address of its own", timeLimit: .seconds(180)
        ) { context in
            let site = try AddressSite(context)
            let server = try site.server(named: "api.test")
            // Whoever programmed the node from files knew of no API server: its address and its port are a Service's.
            // Its endpoint answers nobody, so the agent's connections hang in its virtual server.
            let manifests = try context.write(
                "---\n" + AddressSite.service(["192.0.2.10", "203.0.113.9"], ports: [80, Int(server.port) ?? 0])
                    + "\n---\n" + AddressSite.slice(Int(server.port) ?? 0), to: "service.yaml")
            try context.run([context.ipvsync, "--once"] + site.arguments(["--manifests", manifests]))
            try site.expectTaken(["10.96.0.10", "192.0.2.10", "203.0.113.9"])
            server.setService(["192.0.2.10", "203.0.113.7"])
            let agent = try site.startAgent(server)
            try agent.waitForText("stood between this node and its API server", timeLimit: .seconds(60))
            try site.expectTaken(["10.96.0.10", "203.0.113.7"], agent)
            try context.eventually("health is well again\n\(agent.error)", timeLimit: .seconds(30)) {
                () throws(ScenarioFailure) in
                try context.metric(#"ipvsync_health{check="addresses",state="ok"}"#) == 1
            }
        },
    ]
}

/// A node with its network, and a neighbour that is an API server and a gateway.
private struct AddressSite {
    private let context: Context
    private let neighbour: PrivateNamespace
    private let configuration: String

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        let neighbour = try PrivateNamespace()
        self.neighbour = neighbour
        try context.run(["ip", "link", "add", "uplink", "type", "veth", "peer", "eth0", "netns", neighbour.path])
        try context.run(
            ["ip", "-batch", "-"],
            input: """
                link set lo up
                link set uplink up
                address add 192.0.2.11/24 dev uplink

                """)
        _ = try neighbour.inside { () throws(ScenarioFailure) in
            try context.run(
                ["ip", "-batch", "-"],
                input: """
                    link set lo up
                    link set eth0 up
                    address add 192.0.2.10/24 dev eth0
                    address add 192.0.2.1/24 dev eth0
                    address add 192.0.2.2/24 dev eth0

                    """)
        }
        try context.run(["ip", "route", "add", "default", "via", "192.0.2.1"])
        let hosts = try context.write("127.0.0.1 localhost\n192.0.2.10 api.test\n", to: "hosts")
        // The scenario's process has mounts of its own.
        try context.run(["mount", "--bind", hosts, "/etc/hosts"])
        configuration = try context.write(
            """
            network: {firewall: false, sysctls: false}
            telemetry: {listen: "127.0.0.1:10249"}
            minSyncInterval: 0s
            syncInterval: 10m
            virtualServers: []
            """, to: "node.yaml")
    }

    func arguments(_ source: [String]) -> [String] { source + ["--node", "n1", "--config", configuration] }

    func server(named name: String) throws(ScenarioFailure) -> APIServerStandIn {
        let server = try APIServerStandIn(context, in: neighbour, at: "192.0.2.10", named: name)
        server.setNode("n1", "192.0.2.11")
        server.setNode("n2", "192.0.2.12")
        return server
    }

    func startAgent(_ server: APIServerStandIn) throws(ScenarioFailure) -> RunningCommand {
        try Command([context.ipvsync] + arguments(["--kubeconfig", server.kubeconfig])).start()
    }

    /// Waits until these and no others are bound, and have virtual servers.
    func expectTaken(
        _ addresses: [String], _ agent: RunningCommand? = nil, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        try context.eventually(
            "\(addresses) bound and served\n\(agent?.error ?? "")", timeLimit: .seconds(60), file: file, line: line
        ) { () throws(ScenarioFailure) in
            let listing = try Command(["ip", "-brief", "-4", "address", "show", "dev", "ipvsync0"]).run().output
            let table = try context.ipvsadmSave()
            let bound = listing.split(separator: " ").filter { $0.contains("/32") }
            let served = Set(
                table.compactMap { $0.split(separator: " ").dropFirst(2).first?.split(separator: ":").first })
            return bound.sorted() == addresses.map { "\($0)/32" }.sorted()
                && served.sorted() == addresses.map { Substring($0) }.sorted()
        }
    }

    static func slice(_ port: Int) -> String {
        #"{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"web-1","namespace":"default","#
            + #""labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","#
            + #""ports":[{"name":"p\#(port)","port":8443}],"endpoints":[{"addresses":["192.0.2.99"]}]}"#
    }

    static func service(_ externalIPs: [String], ports: [Int] = [80]) -> String {
        let ports = ports.map { #"{"name":"p\#($0)","port":\#($0),"protocol":"TCP"}"# }.joined(separator: ",")
        let addresses = externalIPs.map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"default"},"#
            + #""spec":{"clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],"externalIPs":[\#(addresses)],"#
            + #""ports":[\#(ports)]}}"#
    }
}

extension APIServerStandIn {
    fileprivate func setService(_ externalIPs: [String]) {
        tell(#"{"set":"services","object":\#(AddressSite.service(externalIPs))}"#)
    }

    fileprivate func setNode(_ name: String, _ address: String) {
        tell(
            #"{"set":"nodes","object":{"metadata":{"name":"\#(name)"},"status":{"addresses":"#
                + #"[{"type":"InternalIP","address":"\#(address)"}]}}}"#)
    }
}
