import Glibc
import LoadBalancing
import TestSupport

extension Scenario {
    /// What one tenant can do to another, and to the node.
    static let tenants: [Scenario] = [
        Scenario("tenants: a hostile one beside a well-behaved one", timeLimit: timeLimit(objects: 1_000)) { context in
            try suffer(try TenantSite(context), objects: objectCount ?? 1_000)
        },
        Scenario(
            "tenants: a hostile one beside one with clients", tags: [.fullKernel], timeLimit: timeLimit(objects: 300)
        ) { context in
            try suffer(try TenantSite(context, Lab(context, serving: [.a])), objects: objectCount ?? 300)
        },
        Scenario("tenants: 20,000 source ranges hold nobody up", tags: [.fullKernel], timeLimit: .seconds(300)) {
            context in
            let site = try TenantSite(context, Lab(context, serving: [.a]))
            let before = try site.longestTurn()
            // One Service with more than it may have, and then twenty with as many as they may.
            try site.restrict("toomany", number: 1, ranges: 20_000, ports: 1)
            try site.restrict("product", number: 2, ranges: 2_000, ports: 10)
            try site.settle()
            try site.expectShut("198.18.1.1")
            try site.expectShut("198.18.1.2")
            StandardStream.output.writeLine(
                "longest turn before \(before) s, with 2 × 20,000 ranges \(try site.longestTurn()) s")
            for number in 3...22 { try site.restrict("full\(number)", number: number, ranges: 1_000, ports: 10) }
            try site.settle()
            StandardStream.output.writeLine(
                "with 20 × 1,000 ranges more \(try site.longestTurn()) s; \(try site.figures())")
            try site.expectServed()
        },
    ]

    /// `IPVSYNC_TENANT_OBJECTS=100000` makes it a long one.
    private static let objectCount = Environment.variable("IPVSYNC_TENANT_OBJECTS").flatMap { Int($0) }

    private static func timeLimit(objects: Int) -> Duration { .seconds(3_000 + (objectCount ?? objects)) }

    /// `IPVSYNC_TENANT_SEED` makes it the same as before.
    private static func suffer(_ site: TenantSite, objects count: Int) throws(ScenarioFailure) {
        let seed = Environment.variable("IPVSYNC_TENANT_SEED").flatMap { UInt64($0) } ?? .random(in: 0...999_999)
        do throws(ScenarioFailure) {
            try site.suffer(HostileTenant(seed: seed, coveted: site.coveted), objects: count)
        } catch {
            throw ScenarioFailure("seed \(seed): \(error)")
        }
        StandardStream.output.writeLine("seed \(seed), \(count) objects: \(try site.figures())")
    }
}

/// A node with an agent that follows an API server, and a tenant with Services that clients may use.
private final class TenantSite {
    private let context: Context
    /// Clients, pods and rules; without it there is the table alone.
    private let lab: Lab?
    private let server: APIServerStandIn
    private let agent: RunningCommand
    private let services: [LabService]
    private var table: [String] = []
    private var markers = 0

    /// Objects between two looks at the well-behaved tenant.
    private static let round = 100

    init(_ context: Context, _ lab: Lab? = nil) throws(ScenarioFailure) {
        self.context = context
        self.lab = lab
        var open = LabService(name: "open", number: 1, type: "LoadBalancer", endpoints: [.a])
        (open.hasIngress, open.hasExternalIPs) = (true, true)
        var ranged = LabService(name: "ranged", number: 2, type: "LoadBalancer", endpoints: [.a])
        ranged.hasIngress = true
        ranged.sourceRanges = ["203.0.113.12/32", "2001:db8:113::12/128"]
        services = [open, ranged]
        server = try APIServerStandIn(context)
        for service in services { try server.tell(service) }
        let configuration: String
        if let lab {
            configuration = try lab.writeConfiguration()
        } else {
            configuration = try context.write("virtualServers: []\nminSyncInterval: 0s\n", to: "node.yaml")
        }
        agent = try context.startIPVSync(
            "--kubeconfig", server.kubeconfig, "--node", "node1", "--config", configuration)
        try settle()
        table = try ownTable()
        try expectEqual(table.count, 5 * 2 * 3 * 2, "lines of the tenant's table")
        if let lab {
            try lab.eventually(
                try LabQuestion(from: .outside, to: open.ingress(.ipv4), port: 80), timeLimit: .seconds(60),
                agent: agent
            ) { $0.server == "a" }
        }
        try expectServed()
    }

    /// What others would like to have: the tenant's addresses and the node's.
    var coveted: [String] {
        services.flatMap { service in
            AddressFamily.allCases.flatMap { [service.clusterIP($0), service.ingress($0)] }
        } + [services[0].externalIP(.ipv4), LabPlace.node1.address(.ipv4), LabPlace.a.address(.ipv4)]
    }

    /// Has the server hold what a hostile tenant writes, and looks at the other one all the time.
    func suffer(_ hostile: HostileTenant, objects: Int) throws(ScenarioFailure) {
        var hostile = hostile
        var present: Set<String> = []
        for number in 1...objects {
            let act = hostile.next()
            let isPresent = !present.insert(act.name).inserted
            if act.json == nil { present.remove(act.name) }
            if let json = act.json {
                server.tell("{\"set\":\"\(act.resource)\",\"object\":\(json)}")
            } else if isPresent {
                server.tell("{\"delete\":\"\(act.resource)\",\"name\":\"\(HostileTenant.namespace)/\(act.name)\"}")
            }
            guard number % Self.round == 0 || number == objects else { continue }
            try settle()
            try expectEqual(try ownTable(), table, "the other tenant's table after \(number) objects")
            try expectServed()
            guard number.isMultiple(of: 5_000) else { continue }
            StandardStream.output.writeLine("\(number) objects: \(try figures())")
        }
    }

    /// A Service of the hostile tenant whose load balancer address only some may use.
    func restrict(_ name: String, number: Int, ranges: Int, ports: Int) throws(ScenarioFailure) {
        let networks = (0..<ranges).map { "\"\(11 + number).\($0 >> 8 & 0xFF).\($0 & 0xFF).\($0 >> 16 * 2 + 1)/32\"" }
        let ports = (1...ports).map { "{\"name\":\"p\($0)\",\"port\":\($0),\"protocol\":\"TCP\"}" }
        server.tell(
            "{\"set\":\"services\",\"object\":{\"metadata\":{\"name\":\"\(name)\",\"namespace\":\"evil\"},\"spec\":{"
                + "\"type\":\"LoadBalancer\",\"clusterIP\":\"10.97.1.\(number)\",\"clusterIPs\":[\"10.97.1.\(number)\"],"
                + "\"ports\":[\(ports.joined(separator: ","))],"
                + "\"loadBalancerSourceRanges\":[\(networks.joined(separator: ","))]},"
                + "\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"198.18.1.\(number)\"}]}}}}")
    }

    /// Nobody may use the address.
    func expectShut(_ address: String) throws(ScenarioFailure) {
        let listing = try context.run(["nft", "list", "map", "inet", "ipvsync", "guards4"]).output
        try expect(listing.contains("\(address) . tcp . 1 : jump nobody"), "\(address) is not shut:\n\(listing)")
    }

    /// Waits until the agent has done all that the server has told so far.
    func settle() throws(ScenarioFailure) {
        markers += 1
        let address = "10.98.\(markers >> 8).\(markers & 0xFF)"
        server.setService("marker", clusterIP: address)
        try context.eventually("the agent comes to \(address)", timeLimit: .seconds(600)) {
            () throws(ScenarioFailure) in
            try expect(agent.isRunning, agent.error)
            // To list the whole table again and again would take the processor from the agent.
            return try Command(["ipvsadm", "-Ln", "-t", "\(address):80"]).run().succeeded
        }
    }

    /// Clients reach both Services, and nobody else reaches the one with source ranges.
    func expectServed() throws(ScenarioFailure) {
        guard let lab else { return }
        for family in AddressFamily.allCases {
            let (stranger, friend) = (LabPlace.outsideAddresses(family)[0], LabPlace.outsideAddresses(family)[1])
            let questions = try [
                (stranger, services[0].ingress(family)), (stranger, services[0].externalIP(family)),
                (friend, services[1].ingress(family)), (stranger, services[1].ingress(family)),
            ].map { (source, host) throws(ScenarioFailure) in
                try LabQuestion(from: .outside, source: source, to: host, port: 80)
            }
            let expected = ["a", "a", "a", nil]
            let found = try lab.ask(questions).map(\.server)
            guard found != expected else { continue }
            let again = try lab.ask(questions).map(\.server)
            let address = services[0].ingress(family)
            let state = try context.run([
                "bash", "-c",
                "ip route get \(address); ip route get \(LabPlace.a.address(family)); ipvsadm -Ln -t \(address):80; "
                    + "nft list map inet ipvsync services4 | grep -F '\(address) '; nft list map inet ipvsync guards4 "
                    + "| grep -F '\(address) '; sysctl net.netfilter.nf_conntrack_count; dmesg | tail -n 5; "
                    + "ping -c 1 -W 2 \(LabPlace.a.address(family)); true",
            ]).output
            throw ScenarioFailure(
                "the other tenant's traffic, \(family), is \(found), then \(again), not \(expected):\n"
                    + "\(state.prefix(3_000))\n\(agent.error.suffix(2_000))")
        }
    }

    func longestTurn() throws(ScenarioFailure) -> String {
        let metrics = try context.run(["curl", "-sf", "http://127.0.0.1:10249/metrics"]).output
        let line = metrics.split(separator: "\n").first { $0.hasPrefix("ipvsync_loop_turn_seconds_max ") }
        return String(try require(line, "no ipvsync_loop_turn_seconds_max").split(separator: " ")[1])
    }

    /// The agent's longest turn and the most memory that it had.
    func figures() throws(ScenarioFailure) -> String {
        let status = try context.run(["grep", "VmHWM", "/proc/\(agent.identifier)/status"]).output
        let rules = lab == nil ? "" : "nft list table inet ipvsync | wc -l; "
        let tables = try context.run(["bash", "-c", "\(rules)ipvsadm -Sn | wc -l"]).output
        return "longest turn \(try longestTurn()) s, \(status.filter { $0 != "\t" && $0 != "\n" }); lines of "
            + "rules and table: " + tables.split(separator: "\n").joined(separator: ", ")
    }

    /// The virtual servers of the well-behaved tenant with their real servers, without what counts connections.
    private func ownTable() throws(ScenarioFailure) -> [String] {
        var lines: [String] = []
        for (service, hasExternalIPs) in zip(services, [true, false]) {
            for family in AddressFamily.allCases {
                let addresses = [service.clusterIP(family), service.ingress(family)]
                for address in addresses + (hasExternalIPs ? [service.externalIP(family)] : []) {
                    let endpoint = family == .ipv4 ? "\(address):80" : "[\(address)]:80"
                    for option in ["-t", "-u", "--sctp-service"] {
                        let listing = try context.run(["ipvsadm", "-Ln", option, endpoint]).output
                        // Below the headings, which end with this one.
                        let rows = listing.split(separator: "\n").drop { !$0.contains("RemoteAddress") }.dropFirst()
                        lines += rows.map { $0.split(separator: " ").prefix(4).joined(separator: " ") }
                    }
                }
            }
        }
        return lines
    }
}
