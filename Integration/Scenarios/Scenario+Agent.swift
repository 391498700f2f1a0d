import Glibc

extension Scenario {
    /// The agent that stays.
    static let agent: [Scenario] =
        following + [
            floatingAddress, hangingProgram, hangingDisk,
            Scenario("agent: follows an API server, and keeps the table while it is gone") { context in
                let server = try APIServerStandIn(context)
                server.setWeb(["10.1.0.1", "10.1.0.2"])
                let agent = try context.startIPVSync("--kubeconfig", server.kubeconfig, "--node", "n1")
                try context.eventuallyTable(agent, web(["10.1.0.1", "10.1.0.2"]))
                server.setWeb(["10.1.0.2", "10.1.0.3"])
                try context.eventuallyTable(agent, web(["10.1.0.2", "10.1.0.3"]))
                server.tell(#"{"down":true}"#)
                try agent.waitForText("the tables stay")
                try expectEqual(try context.ipvsadmSave(), web(["10.1.0.2", "10.1.0.3"]))
                server.setWeb(["10.1.0.4"])
                server.tell(#"{"down":false}"#)
                try context.eventuallyTable(agent, web(["10.1.0.4"]))
                server.tell(#"{"delete":"services","name":"default/web"}"#)
                try context.eventuallyTable(agent, [])
                agent.send(SIGTERM)
                try expectEqual(try agent.wait().status, .exited(0))
            },
            Scenario("agent: killed and started again, it takes up where it was") { context in
                let server = try APIServerStandIn(context)
                server.setWeb(["10.1.0.1"])
                let first = try context.startIPVSync("--kubeconfig", server.kubeconfig, "--node", "n1")
                try context.eventuallyTable(first, web(["10.1.0.1"]))
                first.send(SIGKILL)
                _ = try first.wait()
                try expectEqual(try context.ipvsadmSave(), web(["10.1.0.1"]))
                server.tell(#"{"delete":"services","name":"default/web"}"#)
                // What the first one made is known to be ours.
                let second = try context.startIPVSync("--kubeconfig", server.kubeconfig, "--node", "n1")
                try context.eventuallyTable(second, [])
            },
            Scenario("agent: repairs what others change, and leaves alone what others made") { context in
                try context.run(["ip", "link", "set", "lo", "up"])
                let path = try context.write(file(["10.1.0.1"]), to: "web.yaml")
                try context.ipvsadm("-A", "-t", "192.0.2.7:80", "-s", "rr")
                let agent = try context.startIPVSync("--config", path, "--sync-interval", "1")
                let wanted = web(["10.1.0.1"]) + ["-A -t 192.0.2.7:80 -s rr"]
                try context.eventuallyTable(agent, wanted)
                try context.ipvsadm("-D", "-t", "10.96.0.10:80")
                try context.eventuallyTable(agent, wanted)
                agent.send(SIGTERM)
                try expectEqual(try agent.wait().status, .exited(0))
                try expectEqual(try context.ipvsadmSave(), wanted.sorted())
            },
            Scenario("agent: needs no right but CAP_NET_ADMIN") { context in
                let server = try APIServerStandIn(context)
                server.setWeb(["10.1.0.1"])
                let agent = try Command([
                    "setpriv", "--bounding-set", "-all,+net_admin", "--inh-caps", "-all", "--no-new-privs",
                    context.ipvsync,
                    "--kubeconfig", server.kubeconfig, "--node", "n1", "--state-dir", "\(context.directory)/state",
                ]).start()
                try context.eventuallyTable(agent, web(["10.1.0.1"]))
                server.setWeb(["10.1.0.2"])
                try context.eventuallyTable(agent, web(["10.1.0.2"]))
            },
            Scenario("agent: reads its files again when told, and keeps the last good ones") { context in
                try context.run(["ip", "link", "set", "lo", "up"])
                let path = try context.write(file(["10.1.0.1"]), to: "web.yaml")
                let agent = try context.startIPVSync("--config", path)
                try context.eventuallyTable(agent, web(["10.1.0.1"]))
                try context.write("virtualServers: [{address: nonsense}]", to: "web.yaml")
                try agent.waitForText("web.yaml:1:")
                try agent.waitForText("what was declared before stays")
                try expectEqual(try context.ipvsadmSave(), web(["10.1.0.1"]))
                try context.write(file(["10.1.0.2"]), to: "web.yaml")
                agent.send(SIGHUP)
                try context.eventuallyTable(agent, web(["10.1.0.2"]))
            },
            Scenario("agent: sees its files change, replaced or through a mounted ConfigMap's link") { context in
                try context.run(["ip", "link", "set", "lo", "up"])
                // As a kubelet mounts a ConfigMap: files that are links into a folder that is a link.
                let mount = "\(context.directory)/mount"
                try context.run(["mkdir", "-p", "\(mount)/..1", "\(mount)/..2"])
                try context.write(file(["10.1.0.1"]), to: "mount/..1/web.yaml")
                try context.write(file(["10.1.0.2"]), to: "mount/..2/web.yaml")
                try context.run(["ln", "-s", "..1", "\(mount)/..data"])
                try context.run(["ln", "-s", "..data/web.yaml", "\(mount)/web.yaml"])
                let dns = #"virtualServers: [{address: "udp 10.96.0.53:53", scheduler: rr, realServers: []}]"#
                let path = try context.write(dns, to: "dns.yaml")
                let agent = try context.startIPVSync("--config", mount, "--config", path)
                let line = "-A -u 10.96.0.53:53 -s "
                try context.eventuallyTable(agent, web(["10.1.0.1"]) + [line + "rr"])
                try context.run(["ln", "-s", "..2", "\(mount)/..new"])
                try context.run(["mv", "-T", "\(mount)/..new", "\(mount)/..data"])
                try context.eventuallyTable(agent, web(["10.1.0.2"]) + [line + "rr"])
                let next = try context.write(dns.replacing("rr", with: "sh"), to: "dns.yaml.new")
                try context.run(["mv", next, path])
                try context.eventuallyTable(agent, web(["10.1.0.2"]) + [line + "sh"])
                // Settings of the files count from then on too.
                try context.ipvsadm("-D", "-u", "10.96.0.53:53")
                try context.write("syncInterval: 1s\n" + dns, to: "dns.yaml")
                try context.eventuallyTable(agent, web(["10.1.0.2"]) + [line + "rr"])
                try context.ipvsadm("-D", "-u", "10.96.0.53:53")
                try context.eventuallyTable(agent, web(["10.1.0.2"]) + [line + "rr"])
            },
        ]

    /// A hung `nft`: virtual servers go on, and so do probes. The network waits for it.
    private static let hangingProgram = Scenario(
        "agent: a program that hangs holds up no virtual server and no probe", tags: [.fullKernel]
    ) { context in
        let server = try APIServerStandIn(context)
        server.setWeb(["10.1.0.1"])
        let configuration = try context.write("{virtualServers: [], network: {sysctls: false}}", to: "node.yaml")
        let program = try context.write("#!/bin/sh\nexec sleep 3600\n", to: "nft")
        try context.run(["chmod", "755", program])
        let agent = try Command([
            "unshare", "--mount", "sh", "-c", #"mount --bind "$1" "$(command -v nft)" && shift && exec "$@""#, "sh",
            program, context.ipvsync, "--node", "n1", "--kubeconfig", server.kubeconfig, "--config", configuration,
        ]).start()
        try context.eventuallyTable(agent, web(["10.1.0.1"]))
        var longest = Duration.zero
        for number in 2...9 {
            let started = ContinuousClock.now
            server.setWeb(["10.1.0.\(number)"])
            try context.eventuallyTable(agent, web(["10.1.0.\(number)"]))
            longest = max(longest, started.duration(to: .now))
            try context.run(["curl", "-sf", "--max-time", "5", "http://127.0.0.1:10249/livez"])
        }
        // As a whole, with the stand-in and ipvsadm; a program may take 10 s and more until it is given up.
        try expect(longest < .seconds(5), "a change took \(longest)")
        agent.send(SIGTERM)
        try expectEqual(try agent.wait().status, .exited(0))
    }

    /// The state directory is on a file system that takes no write, and somebody asks for metrics and never reads them.
    private static let hangingDisk = Scenario(
        "agent: a disk that hangs holds up no virtual server and no probe", tags: [.fullKernel]
    ) { context in
        let (image, disk) = ("\(context.directory)/image", "\(context.directory)/disk")
        try context.run(["ip", "link", "set", "lo", "up"])
        for module in ["loop", "ext4"] { try context.run(["modprobe", module]) }
        try context.run(["truncate", "--size", "32M", image])
        try context.run(["mkfs.ext4", "-q", image])
        try context.run(["mkdir", disk])
        try context.run(["mount", "--options", "loop", image, disk])
        let server = try APIServerStandIn(context)
        server.setWeb(["10.1.0.1"])
        let agent = try context.startIPVSync(
            "--node", "n1", "--kubeconfig", server.kubeconfig, "--state-dir", "\(disk)/state")
        try context.eventuallyTable(agent, web(["10.1.0.1"]))
        try context.run(["fsfreeze", "--freeze", disk])
        // However this ends: nobody could be killed who waits for that disk.
        defer { _ = try? context.run(["fsfreeze", "--unfreeze", disk]) }
        let request = #"printf 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'"#
        let reader = try Command(["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/10249; \(request) >&3; sleep 600"]).start()
        var longest = (change: Duration.zero, probe: Duration.zero)
        for number in 2...9 {
            var started = ContinuousClock.now
            server.setWeb(["10.1.0.\(number)"])
            try context.eventuallyTable(agent, web(["10.1.0.\(number)"]))
            longest.change = max(longest.change, started.duration(to: .now))
            started = .now
            try context.run(["curl", "-sf", "--max-time", "5", "http://127.0.0.1:10249/livez"])
            longest.probe = max(longest.probe, started.duration(to: .now))
        }
        // As a whole, with the stand-in, ipvsadm and curl.
        try expect(longest.change < .seconds(5), "a change took \(longest.change)")
        reader.send(SIGKILL)
        try context.run(["fsfreeze", "--unfreeze", disk])
        agent.send(SIGTERM)
        try expectEqual(try agent.wait().status, .exited(0))
        // What was programmed meanwhile is known to be ours.
        try context.command("cleanup", "--state-dir", "\(disk)/state")
        try expectEqual(try context.ipvsadmSave(), [])
        try context.run(["umount", disk])
        StandardStream.output.writeLine("longest change \(longest.change), longest probe \(longest.probe)")
    }

    private static let following = [false, true].map { readsFiles in
        Scenario("agent: node ports follow the node's addresses, of Services in \(readsFiles ? "files" : "a cluster")")
        {
            context in
            try context.run(["ip", "link", "set", "lo", "up"])
            try context.run(["ip", "link", "add", "eth7", "type", "dummy"])
            try context.run(["ip", "address", "add", "203.0.113.7/24", "dev", "eth7"])
            let arguments: [String]
            var server: APIServerStandIn?
            if readsFiles {
                arguments = [
                    "--manifests",
                    try context.write("---\n" + nodePortService.joined(separator: "\n---\n"), to: "web.yaml"),
                ]
            } else {
                let cluster = try nodePortCluster(context)
                arguments = ["--kubeconfig", cluster.kubeconfig]
                server = cluster
            }
            let agent = try Command([context.ipvsync, "--node", "n1"] + arguments).start()
            func table(_ addresses: [String]) -> [String] {
                ["10.96.0.10:80", "203.0.113.8:80"].flatMap(service) + addresses.flatMap { service("\($0):30080") }
            }
            try context.eventuallyTable(agent, table(["203.0.113.7"]))
            // An address that floats, as keepalived moves one: the Service's external IP, whichever node has it.
            try context.run(["ip", "address", "add", "203.0.113.8/32", "dev", "eth7"])
            try context.eventuallyTable(agent, table(["203.0.113.7", "203.0.113.8"]))
            try agent.waitForText("node addresses changed")
            try context.run(["ip", "address", "del", "203.0.113.8/32", "dev", "eth7"])
            try context.eventuallyTable(agent, table(["203.0.113.7"]))
            withExtendedLifetime(server) {}
        }
    }

    /// With a node's network, and long before the next verification.
    private static let floatingAddress = Scenario(
        "agent: a floating external IP is on the VIP device while no other one has it"
    ) { context in
        for arguments in [
            "link set lo up", "link add eth7 type dummy", "link set eth7 up", "address add 203.0.113.7/24 dev eth7",
        ] {
            try context.run(["ip"] + arguments.split(separator: " ").map(String.init))
        }
        let cluster = try nodePortCluster(context)
        let configuration = try context.write(
            "{virtualServers: [], syncInterval: 10m, network: {firewall: false, sysctls: false}}", to: "node.yaml")
        let agent = try Command([
            context.ipvsync, "--node", "n1", "--kubeconfig", cluster.kubeconfig, "--config", configuration,
        ]).start()
        func expectBound(_ addresses: [String]) throws(ScenarioFailure) {
            try context.eventually("\(addresses) on ipvsync0\n\(agent.error)") {
                () throws(ScenarioFailure) in
                let listing = try Command(["ip", "-brief", "-4", "address", "show", "dev", "ipvsync0"]).run()
                let found = listing.output.split(separator: " ").filter { $0.contains("/32") }
                return found.sorted() == addresses.map { "\($0)/32" }.sorted()
            }
        }
        try expectBound(["10.96.0.10", "203.0.113.8"])
        try context.run(["ip", "address", "add", "203.0.113.8/32", "dev", "eth7"])
        try expectBound(["10.96.0.10"])
        try context.run(["ip", "address", "del", "203.0.113.8/32", "dev", "eth7"])
        try expectBound(["10.96.0.10", "203.0.113.8"])
        withExtendedLifetime(cluster) {}
    }

    private static func service(_ endpoint: String) -> [String] {
        ["-A -t \(endpoint) -s rr", "-a -t \(endpoint) -r 10.1.0.1:8080 -m -w 1"]
    }

    private static func nodePortCluster(_ context: Context) throws(ScenarioFailure) -> APIServerStandIn {
        let cluster = try APIServerStandIn(context)
        for (kind, object) in zip(["services", "endpointslices", "nodes"], nodePortService) {
            cluster.tell(#"{"set":"\#(kind)","object":\#(object)}"#)
        }
        return cluster
    }

    private static let nodePortService = [
        #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"default"},"spec":{"type":"NodePort","#
            + #""clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],"externalIPs":["203.0.113.8"],"#
            + #""ports":[{"port":80,"protocol":"TCP","nodePort":30080}]}}"#,
        #"{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"web-1","namespace":"default","#
            + #""labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4","ports":[{"name":"","port":8080}],"#
            + #""endpoints":[{"addresses":["10.1.0.1"]}]}"#,
        #"{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"#
            + #""status":{"addresses":[{"type":"InternalIP","address":"203.0.113.7"}]}}"#,
    ]

    private static func web(_ endpoints: [String]) -> [String] {
        (["-A -t 10.96.0.10:80 -s rr"] + endpoints.map { "-a -t 10.96.0.10:80 -r \($0):8080 -m -w 1" }).sorted()
    }

    private static func file(_ endpoints: [String]) -> String {
        let list = endpoints.map { "\"\($0):8080\"" }.joined(separator: ", ")
        return "virtualServers: [{address: \"10.96.0.10:80\", scheduler: rr, realServers: [\(list)]}]"
    }
}

extension Context {
    /// Waits until the kernel's table is as ipvsadm would save it.
    func eventuallyTable(
        _ agent: RunningCommand, _ lines: [String], timeLimit: Duration = Patience.step, file: StaticString = #fileID,
        line: Int = #line
    ) throws(ScenarioFailure) {
        let wanted = lines.sorted()
        do throws(ScenarioFailure) {
            try eventually("the table is as wanted", timeLimit: timeLimit) { () throws(ScenarioFailure) in
                try expect(agent.isRunning, "the agent ended")
                return try ipvsadmSave() == wanted
            }
        } catch {
            throw ScenarioFailure(
                "\(error)\nwanted \(wanted)\nfound \(try ipvsadmSave())\n\(agent.output)\(agent.error)", file: file,
                line: line)
        }
    }
}
