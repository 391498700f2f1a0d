import Glibc

extension Scenario {
    /// The device by whose name others know that a node has IPVS.
    static let proxyDevice: [Scenario] = [
        Scenario("kube-ipvs0: a takeover adopts it, and nobody hears of that") { context in
            let site = try ProxyDeviceSite(context)
            try site.ip("link add kube-ipvs0 type dummy")
            for address in ["10.96.0.10/32", "10.96.0.77/32", "fd00:96::10/128"] {
                try site.ip("address add \(address) dev kube-ipvs0")
            }
            for service in ["10.96.0.10:80", "10.96.0.77:80", "192.0.2.7:80"] {
                try context.ipvsadm("-A", "-t", service, "-s", "rr")
            }
            let number = try site.deviceNumber()
            let monitor = try Command(["ip", "monitor", "link"]).start()
            try site.begin(monitor, "marker0")
            // A dry run, and a run that is no takeover, leave it alone.
            let preview = try site.takeover("--dry-run")
            try expect(preview.contains("+ device kube-ipvs0 with 3 addresses, adopted as it is"), preview)
            try expect(preview.contains("- virtual server tcp 10.96.0.77:80"), preview)
            let before = try site.once(status: 1)
            try expect(before.error.contains("'ipvsync takeover' adopts it as it is"), before.description)
            try context.command("cleanup")
            try expectEqual(try site.addresses(), ["10.96.0.10", "10.96.0.77", "fd00:96::10"], "addresses before")

            let made = try site.takeover()
            try expect(made.contains("+ device kube-ipvs0 with 3 addresses, adopted as it is"), made)
            // In place: what is declared came, what is not has gone.
            try expectEqual(try site.addresses(), ["10.96.0.10", "10.96.0.11", "fd00:96::10"], "addresses")
            try expectEqual(try site.deviceNumber(), number, "the number of the device")
            let table = try context.ipvsadmSave()
            try expect(!table.contains { $0.contains("10.96.0.77") }, "a leftover is there: \(table)")
            try expect(table.contains { $0.contains("192.0.2.7:80") }, "another's is gone: \(table)")
            try site.expectServed()
            let again: CommandResult = try site.once()
            try expect(!again.output.contains("kube-ipvs0"), again.description)
            try expect(try site.takeover().contains("nothing to remove"), "another run finds something")
            try site.begin(monitor, "marker1")
            try expect(!monitor.output.contains("kube-ipvs0"), monitor.output)
            monitor.send(SIGKILL)
            // It is ours now.
            try context.command("cleanup")
            try expectEqual(
                try Command(["ip", "link", "show", "dev", "kube-ipvs0"]).run().status, .exited(1), "it stays")
        },
        Scenario("kube-ipvs0: a takeover adopts it beside an agent that runs") { context in
            let site = try ProxyDeviceSite(context)
            try site.ip("link add kube-ipvs0 type dummy")
            for address in ["10.96.0.10/32", "10.96.0.11/32", "10.96.0.77/32", "fd00:96::10/128"] {
                try site.ip("address add \(address) dev kube-ipvs0")
            }
            try context.ipvsadm("-A", "-t", "10.96.0.77:80", "-s", "rr")
            let number = try site.deviceNumber()
            let agent = try Command([context.ipvsync] + site.arguments).start()
            try agent.waitForText("\"ready\"")
            try site.expectServed()
            let made = try site.takeover()
            try expect(made.contains("+ device kube-ipvs0 with 4 addresses, adopted as it is"), made)
            try expect(!(try context.ipvsadmSave().contains { $0.contains("10.96.0.77") }), "a leftover is there")
            // The agent goes on with it.
            try context.eventually("the leftover's address goes") { () throws(ScenarioFailure) in
                try site.addresses() == ["10.96.0.10", "10.96.0.11", "fd00:96::10"]
            }
            try expectEqual(try site.deviceNumber(), number, "the number of the device")
            try site.expectServed()
            try expect(agent.isRunning, agent.error)
        },
        Scenario("kube-ipvs0: made anew, it is as kube-proxy makes it") { context in
            let site = try ProxyDeviceSite(context)
            try site.once()
            try expectEqual(try site.addresses(), ["10.96.0.10", "10.96.0.11", "fd00:96::10"], "addresses")
            let link = try context.run(["ip", "link", "show", "dev", "kube-ipvs0"]).output
            try expect(link.contains("state DOWN") && !link.contains("UP"), link)
            try site.expectServed()
            try context.command("cleanup")
            try expectEqual(
                try Command(["ip", "link", "show", "dev", "kube-ipvs0"]).run().status, .exited(1), "it stays")
        },
    ]
}

/// A node with a Service of both families whose endpoints are the node's own, and one of IPv4 without any.
private struct ProxyDeviceSite {
    let context: Context
    let arguments: [String]
    private let servers: [RunningCommand]

    init(_ context: Context) throws(ScenarioFailure) {
        self.context = context
        try context.run(["ip", "link", "set", "lo", "up"])
        try context.run(["ip", "address", "add", "198.51.100.1/32", "dev", "lo"])
        try context.run(["ip", "address", "add", "2001:db8:51::1/128", "dev", "lo", "nodad"])
        servers = try ["198.51.100.1", "2001:db8:51::1"].map { (address) throws(ScenarioFailure) in
            try Command(["python3", "-m", "http.server", "--bind", address, "--directory", context.directory, "8080"])
                .start()
        }
        let services = try context.write(
            """
            ---
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {
              "clusterIPs": ["10.96.0.10", "fd00:96::10"], "ports": [{"port": 80}]}}
            ---
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "other"}, "spec": {
              "clusterIPs": ["10.96.0.11"], "ports": [{"port": 80}]}}
            ---
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
              "metadata": {"name": "web-4", "labels": {"kubernetes.io/service-name": "web"}},
              "ports": [{"port": 8080}], "endpoints": [{"addresses": ["198.51.100.1"]}]}
            ---
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv6",
              "metadata": {"name": "web-6", "labels": {"kubernetes.io/service-name": "web"}},
              "ports": [{"port": 8080}], "endpoints": [{"addresses": ["2001:db8:51::1"]}]}
            """, to: "services.yaml")
        let settings = try context.write(
            "network: {device: kube-ipvs0, firewall: false, sysctls: false}\nvirtualServers: []\n", to: "node.yaml")
        arguments = ["--manifests", services, "--config", settings, "--node", "n1"]
    }

    func takeover(_ more: String...) throws(ScenarioFailure) -> String {
        let result = try Command([context.ipvsync, "takeover"] + arguments + more).run()
        try expectEqual(result.status, .exited(0), result.description)
        return result.output
    }

    @discardableResult func once(status: Int32 = 0) throws(ScenarioFailure) -> CommandResult {
        let result = try Command([context.ipvsync, "--once"] + arguments).run()
        try expectEqual(result.status, .exited(status), result.description)
        return result
    }

    func ip(_ command: String) throws(ScenarioFailure) {
        try context.run(["ip"] + command.split(separator: " ").map(String.init))
    }

    /// Waits until the monitor has told of another device, so of everything before it.
    func begin(_ monitor: RunningCommand, _ marker: String) throws(ScenarioFailure) {
        try context.eventually("the monitor hears") { () throws(ScenarioFailure) in
            try ip("link add \(marker) type dummy")
            try ip("link del \(marker)")
            return monitor.output.contains(marker)
        }
    }

    func deviceNumber() throws(ScenarioFailure) -> String {
        try context.run(["cat", "/sys/class/net/kube-ipvs0/ifindex"]).output
    }

    func addresses() throws(ScenarioFailure) -> [String] {
        let text = try context.run(["ip", "-br", "address", "show", "dev", "kube-ipvs0"]).output
        return text.split(whereSeparator: { $0 == " " || $0 == "\n" }).dropFirst(2)
            .compactMap { $0.split(separator: "/").first.map(String.init) }.sorted()
    }

    /// Connects by both families.
    func expectServed() throws(ScenarioFailure) {
        for address in ["10.96.0.10", "[fd00:96::10]"] {
            try context.eventually("an answer of \(address)") { () throws(ScenarioFailure) in
                try Command(["curl", "-sfg", "-o", "/dev/null", "http://\(address)/services.yaml"]).run().succeeded
            }
        }
    }
}
