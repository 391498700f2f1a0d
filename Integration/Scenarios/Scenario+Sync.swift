import Documents

extension Scenario {
    /// From a file to the kernel, witnessed by ipvsadm.
    static let sync: [Scenario] =
        [
            Scenario("sync: every setting arrives as declared") { context in
                try context.sync(everySetting)
                try expectEqual(try context.ipvsadmSave(), everySettingSaved.sorted())
                try expectEqual(try context.sync(everySetting).number("operations"), 0, "operations of the second run")
                try context.command("plan", "--config", "\(context.directory)/configuration.yaml")
                let export = try context.command("export", "--format", "ipvsadm").outputLines
                try expectEqual(export.sorted(), everySettingExported.sorted(), "export")
            },
            Scenario("sync: a second run sends nothing") { context in
                let first = try context.sync(Tables.configuration(100))
                try expectEqual(first.number("operations"), 1_100)
                try expectEqual(try context.ipvsadmSave(), Tables.saved(100))
                let second = try context.sync(Tables.configuration(100))
                try expectEqual(second.number("operations"), 0)
                try expectEqual(second.count("changes"), 0)
            },
            Scenario("sync: an edit sends only what changed") { context in
                try context.sync(Tables.configuration(20, realServers: 3))
                let report = try context.sync(Tables.configuration(20, realServers: 3, weight: 7))
                try expectEqual(report.number("operations"), 60)
                try expectEqual(try context.ipvsadmSave(), Tables.saved(20, realServers: 3, weight: 7))
            },
            Scenario("sync: the configuration comes from standard input") { context in
                try context.command("--once", "--config", "-", input: Tables.configuration(1))
                try expectEqual(try context.ipvsadmSave(), Tables.saved(1))
            },
            Scenario("sync: plan and dry run change nothing") { context in
                let path = try context.write(Tables.configuration(1), to: "table.yaml")
                try context.command("plan", "--config", path, status: 2)
                try context.command("--once", "--dry-run", "--config", path)
                try expectEqual(try context.ipvsadmSave(), [])
            },
            Scenario("sync: the examples are taken as they are") { context in
                // The folder of examples is found beside the sources, from which the tests are run.
                try context.command("--once", "--config", "Integration/examples")
                try context.command("plan", "--config", "Integration/examples")
            },
            Scenario("sync: the example of a Kubernetes node is taken as it is", tags: [.fullKernel]) { context in
                let examples = "Integration/examples/kubernetes"
                let arguments = [
                    "--manifests", "\(examples)/shop.yaml", "--node", "node1", "--config", "\(examples)/node.yaml",
                ]
                for expected in [2, 0] as [Int32] {
                    let plan = try Command([context.ipvsync, "plan"] + arguments).run()
                    try expectEqual(plan.status, .exited(expected), "\(plan)")
                    try expectEqual(try Command([context.ipvsync, "--once"] + arguments).run().status, .exited(0))
                }
            },
            Scenario("sync: the scheduler twos", tags: [.twos]) { context in
                try context.sync("virtualServers: [{address: 192.0.2.1:80, scheduler: twos, realServers: []}]")
                try expectEqual(try context.ipvsadmSave(), ["-A -t 192.0.2.1:80 -s twos"])
            },
        ] + ["dh", "fo", "lblc", "lblcr", "lc", "mh", "nq", "ovf", "rr", "sed", "sh", "wlc", "wrr"].map(scheduler)

    private static func scheduler(_ name: String) -> Scenario {
        Scenario("sync: the scheduler \(name)") { context in
            let configuration =
                "virtualServers: [{address: 192.0.2.1:80, scheduler: \(name), realServers: [198.51.100.1]}]"
            try context.sync(configuration)
            try expectEqual(
                try context.ipvsadmSave(),
                ["-A -t 192.0.2.1:80 -s \(name)", "-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 1"])
            try expectEqual(try context.sync(configuration).number("operations"), 0)
        }
    }

    private static let everySetting = """
        timeouts: {tcp: 10m, tcpFin: 30s, udp: 1m}
        virtualServers:
        - {address: 192.0.2.1:80, scheduler: wrr, persistence: {timeout: 1h, granularity: 24}, realServers: [
            {address: 198.51.100.1:8080, weight: 2147483647, upperThreshold: 1000, lowerThreshold: 500},
            {address: 198.51.100.2:8080, weight: 0}]}
        - {address: 192.0.2.1:443, scheduler: sh, schedulerFlags: [sh-fallback, sh-port], forwarding: direct,
           realServers: [198.51.100.1]}
        - {address: 192.0.2.1:5060, protocol: udp, scheduler: rr, persistence: {timeout: 5m, engine: sip},
           realServers: [198.51.100.1]}
        - {address: 192.0.2.1:53, protocol: udp, scheduler: mh, schedulerFlags: [mh-port], onePacket: true,
           realServers: [198.51.100.1:5353]}
        - {address: 192.0.2.1:2905, protocol: sctp, scheduler: lc, forwarding: tunnel, realServers: [
            198.51.100.1,
            {address: 198.51.100.2, tunnel: {type: gue, port: 6080}},
            {address: 198.51.100.3, tunnel: {type: gue, port: 6081, checksum: csum}},
            {address: 198.51.100.4, tunnel: {type: gue, port: 6082, checksum: remcsum}},
            {address: 198.51.100.5, tunnel: {type: gre}},
            {address: 198.51.100.6, tunnel: {type: gre, checksum: csum}},
            "2001:db8::7"]}
        - {address: "[2001:db8::1]:80", scheduler: wlc, persistence: {timeout: 5m, granularity: 64}, realServers: [
            "[2001:db8:1::1]:8080", {address: 198.51.100.9:80, forwarding: tunnel}]}
        - {firewallMark: 2147483647, scheduler: nq, realServers: ["198.51.100.1:0", "198.51.100.2:81"]}
        - {firewallMark: 1, family: ipv6, scheduler: dh, persistence: 31d, realServers: ["[2001:db8:1::1]:0"]}
        - {address: 192.0.2.2:0, scheduler: sed, persistence: 1s, realServers: ["198.51.100.1:0"]}
        """

    /// ipvsadm leaves the thresholds out of what it saves, although it reads them.
    private static let everySettingExported = everySettingSaved.map { line in
        line.contains("198.51.100.1:8080") ? line + " -x 1000 -y 500" : line
    }

    private static let everySettingSaved = [
        "-A -t 192.0.2.1:80 -s wrr -p 3600 -M 255.255.255.0",
        "-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 2147483647",
        "-a -t 192.0.2.1:80 -r 198.51.100.2:8080 -m -w 0",
        "-A -t 192.0.2.1:443 -s sh -b sh-fallback,sh-port",
        "-a -t 192.0.2.1:443 -r 198.51.100.1:443 -g -w 1",
        "-A -u 192.0.2.1:5060 -s rr -p 300 --pe sip",
        "-a -u 192.0.2.1:5060 -r 198.51.100.1:5060 -m -w 1",
        "-A -u 192.0.2.1:53 -s mh -o -b mh-port",
        "-a -u 192.0.2.1:53 -r 198.51.100.1:5353 -m -w 1",
        "-A --sctp-service 192.0.2.1:2905 -s lc",
        "-a --sctp-service 192.0.2.1:2905 -r 198.51.100.1:2905 -i -w 1 --tun-type ipip",
        "-a --sctp-service 192.0.2.1:2905 -r 198.51.100.2:2905 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum",
        "-a --sctp-service 192.0.2.1:2905 -r 198.51.100.3:2905 -i -w 1 --tun-type gue --tun-port 6081 --tun-csum",
        "-a --sctp-service 192.0.2.1:2905 -r 198.51.100.4:2905 -i -w 1 --tun-type gue --tun-port 6082 --tun-remcsum",
        "-a --sctp-service 192.0.2.1:2905 -r 198.51.100.5:2905 -i -w 1 --tun-type gre --tun-nocsum",
        "-a --sctp-service 192.0.2.1:2905 -r 198.51.100.6:2905 -i -w 1 --tun-type gre --tun-csum",
        "-a --sctp-service 192.0.2.1:2905 -r [2001:db8::7]:2905 -i -w 1 --tun-type ipip",
        "-A -t [2001:db8::1]:80 -s wlc -p 300 -M 64",
        "-a -t [2001:db8::1]:80 -r [2001:db8:1::1]:8080 -m -w 1",
        "-a -t [2001:db8::1]:80 -r 198.51.100.9:80 -i -w 1 --tun-type ipip",
        "-A -f 2147483647 -s nq",
        "-a -f 2147483647 -r 198.51.100.1:0 -m -w 1",
        "-a -f 2147483647 -r 198.51.100.2:81 -m -w 1",
        "-A -f 1 -6 -s dh -p 2678400",
        "-a -f 1 -6 -r [2001:db8:1::1]:0 -m -w 1",
        "-A -t 192.0.2.2:0 -s sed -p 1",
        "-a -t 192.0.2.2:0 -r 198.51.100.1:0 -m -w 1",
    ]
}
