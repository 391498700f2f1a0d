import Glibc

extension Scenario {
    /// The kernel's modules come and go under an agent.
    static let modules: [Scenario] = [
        Scenario("modules: IPVS goes and comes back under an agent", tags: [.guest], timeLimit: .seconds(120)) {
            context in
            let settings = "syncInterval: 60s\nnetwork: {vipBinding: none, firewall: false}\n"
            let path = try context.write(settings + Tables.configuration(20), to: "table.yaml")
            let agent = try context.startIPVSync("--config", path)
            try agent.waitForText("ready")
            try expectEqual(try context.ipvsadmSave(), Tables.saved(20))
            // It comes back as soon as the agent looks, which the kernel's news has it do at once: twice, for the
            // number is another one each time.
            for _ in 0..<2 {
                try context.unloadIPVS()
                try context.eventually("the table anew\n\(agent.error)") { () throws(ScenarioFailure) in
                    try context.listsVirtualServers(20)
                }
                try expectEqual(try context.ipvsadmSave(), Tables.saved(20))
                // Its settings come with the module, as they are at first.
                try context.eventually("the settings anew\n\(agent.error)") { () throws(ScenarioFailure) in
                    try context.run(["cat", "/proc/sys/net/ipv4/vs/expire_nodest_conn"]).output == "1\n"
                }
            }
            let loading = try ModuleLoading(context, isAllowed: false)
            try context.unloadIPVS()
            try context.eventually("the health says so") { () throws(ScenarioFailure) in
                try context.runIPVSync("status").output.contains("IPVS is gone from the kernel: modprobe ip_vs")
            }
            try expect(agent.isRunning, "the agent has ended: \(agent.error)")
            // Its retry may be far away: the kernel's news is not.
            try loading.allow()
            try context.run(["modprobe", "ip_vs"])
            try context.eventually("the table anew\n\(agent.error)") { () throws(ScenarioFailure) in
                try context.listsVirtualServers(20)
            }
            try context.eventually("health is back") { () throws(ScenarioFailure) in
                try context.runIPVSync("status").status == .exited(0)
            }
            // What it remembers is what there is: a change is made without any error.
            try context.write(settings + Tables.configuration(20, weight: 7), to: "table.yaml")
            try context.eventually("a change\n\(agent.error)") { () throws(ScenarioFailure) in
                try context.ipvsadmSave() == Tables.saved(20, weight: 7)
            }
            agent.send(SIGTERM)
            try expectEqual(try agent.wait().status, .exited(0))
        },
        Scenario(
            "modules: schedulers that are missing are told of, and come", tags: [.guest], timeLimit: .seconds(120)
        ) { context in
            try context.unloadIPVS()
            try context.run(["modprobe", "ip_vs"])
            let loading = try ModuleLoading(context, isAllowed: false)
            let path = try context.write("syncInterval: 1s\n" + Tables.configuration(2), to: "table.yaml")
            let agent = try context.startIPVSync("--config", path)
            try agent.waitForText("modprobe ip_vs_")
            try expectEqual(try context.ipvsadmSave(), [])
            try loading.allow()
            try context.eventually("the table\n\(agent.error)", timeLimit: .seconds(60)) {
                () throws(ScenarioFailure) in
                try context.ipvsadmSave() == Tables.saved(2)
            }
        },
        Scenario("modules: the device comes back with its module", tags: [.guest], timeLimit: .seconds(120)) {
            context in
            let manifests = try context.write(NodeSite.service.manifests, to: "services.yaml")
            let path = try context.write(
                "{virtualServers: [], syncInterval: 1s, network: {vipBinding: address, firewall: false}}\n",
                to: "node.yaml")
            let agent = try context.startIPVSync("--manifests", manifests, "--node", "node1", "--config", path)
            try agent.waitForText("ready")
            try expect(try context.hasServiceAddress(), "no address: \(agent.error)")
            let loading = try ModuleLoading(context, isAllowed: false)
            try context.run(["rmmod", "dummy"])
            try expectEqual(try context.hasServiceAddress(), false, "the address without the device")
            try context.eventually("the health says so") { () throws(ScenarioFailure) in
                try context.runIPVSync("status").output.contains("create device ipvsync0")
            }
            try loading.allow()
            try context.eventually("the device anew", timeLimit: .seconds(60)) { () throws(ScenarioFailure) in
                try context.hasServiceAddress()
            }
            try expect(agent.isRunning, "the agent has ended: \(agent.error)")
        },
        Scenario(
            "modules: nftables goes and comes back under an agent", tags: [.guest, .fullKernel],
            timeLimit: .seconds(300)
        ) { context in
            let site = try NodeSite(context)
            let agent = try Command(
                [context.ipvsync]
                    + site.arguments(
                        "syncInterval: 1s", "minSyncInterval: 0s", "telemetry: {listen: \"127.0.0.1:10249\"}")
            ).start()
            try agent.waitForText("ready")
            let whole = try site.own()
            try whole.expectWhole()
            let loading = try ModuleLoading(context, isAllowed: false)
            try context.run(["nft", "flush", "ruleset"])
            // Modules use each other: several rounds get them all, unless the agent is quicker.
            try context.eventually("nf_tables is unloaded", timeLimit: .seconds(60)) { () throws(ScenarioFailure) in
                let script = """
                    nft flush ruleset 2>/dev/null
                    rmmod $(lsmod | awk '/^(nft_|nf_tables)/ {print $1}') 2>/dev/null
                    ! lsmod | grep -q '^nf_tables '
                    """
                return try Command(["sh", "-c", script]).run().succeeded
            }
            try context.eventually("the health says so", timeLimit: .seconds(60)) { () throws(ScenarioFailure) in
                try context.runIPVSync("status").output.contains("the kernel has no nftables: modprobe nf_tables")
            }
            try expectEqual(try site.own().virtualServers, whole.virtualServers, "virtual servers without nftables")
            try loading.allow()
            try context.eventually("the table anew\n\(agent.error)", timeLimit: .seconds(60)) {
                () throws(ScenarioFailure) in
                try site.own() == whole
            }
            try context.eventually("health is back", timeLimit: .seconds(60)) { () throws(ScenarioFailure) in
                try context.runIPVSync("status").status == .exited(0)
            }
        },
    ]
}

/// Whether the kernel loads modules by itself; as before when it ends.
private final class ModuleLoading {
    private let context: Context
    private let program: String

    init(_ context: Context, isAllowed: Bool) throws(ScenarioFailure) {
        self.context = context
        program = try context.run(["cat", "/proc/sys/kernel/modprobe"]).output
        if !isAllowed { try Self.set("/bin/false", context) }
    }

    deinit { _ = try? allow() }

    func allow() throws(ScenarioFailure) { try Self.set(program, context) }

    private static func set(_ program: String, _ context: Context) throws(ScenarioFailure) {
        try context.run(["sh", "-c", "cat >/proc/sys/kernel/modprobe"], input: program)
    }
}

extension Context {
    /// Removes every virtual server and then IPVS itself: others may look at it meanwhile, so it takes a few attempts.
    fileprivate func unloadIPVS() throws(ScenarioFailure) {
        let script = """
            ipvsadm -C
            rmmod $(lsmod | awk '/^ip_vs_/ {print $1}') 2>/dev/null
            rmmod ip_vs
            """
        try eventually("IPVS is unloaded") { () throws(ScenarioFailure) in
            try Command(["sh", "-c", script]).run().succeeded
        }
    }

    /// Whether our device has the address of `NodeSite`'s Service.
    fileprivate func hasServiceAddress() throws(ScenarioFailure) -> Bool {
        try Command(["ip", "-oneline", "address", "show", "dev", "ipvsync0"]).run().output.contains("10.96.0.1/32")
    }

    /// Whether IPVS is there with so many virtual servers; asking does not load it.
    fileprivate func listsVirtualServers(_ count: Int) throws(ScenarioFailure) -> Bool {
        let listing = try Command(["cat", "/proc/net/ip_vs"]).run()
        return listing.succeeded && listing.outputLines.count { $0.hasPrefix("TCP ") } == count
    }
}
