import Configuration
import LoadBalancing
import Testing

/// What is told of rules beside what they become, and what they cannot say.
@Suite("Notes on rules of ipvsadm")
struct IpvsadmNotesTests {
    @Test(
        "What is no dump is named in one line",
        arguments: [
            ("! Configuration File for keepalived\n", "a configuration of keepalived"),
            ("\nvirtual_server 192.0.2.33 80 {\n    delay_loop 6\n", "a configuration of keepalived"),
            ("# comment\nglobal_defs\n{\n", "a configuration of keepalived"),
            (
                "#\nchecktimeout=3\nvirtual=192.168.6.240:80\n\treal=192.168.6.2:80 gate\n",
                "a configuration of ldirectord"
            ),
            ("virtual = 192.168.6.240:80\n", "a configuration of ldirectord"),
            ("IP Virtual Server version 1.2.1 (size=4096)\n", "what `ipvsadm -L` prints"),
            ("virtualServers:\n- address: 192.0.2.1:80\n", "YAML or JSON"),
            ("{\"kind\": \"List\"}\n", "YAML or JSON"),
            ("*nat\n-A PREROUTING -j X\n", "a dump of iptables or nft"),
        ])
    func foreignFormats(text: String, name: String) {
        do throws(ConfigurationErrors) {
            _ = try IpvsadmRules.parse(text, file: "f")
            Issue.record("no error for \(text)")
        } catch {
            #expect(error.errors.count == 1 && error.description.hasPrefix("f: this is \(name), no rules of ipvsadm; "))
        }
    }

    @Test("Timeouts and daemons are carried over")
    func settings() throws {
        let text = """
            --set 30 0 60
            --set 0 7 0
            --start-daemon=master --mcast-interface=lo --syncid 5 --mcast-group 224.0.0.90 --mcast-port 9000 --mcast-ttl 3
            --start-daemon backup
            --stop-daemon backup
            """
        let state = try IpvsadmRules.parse(text, file: "f").state
        #expect(state.timeouts == ConnectionTimeouts(tcp: 30, tcpFin: 7, udp: 60))
        #expect(
            state.syncDaemons == [
                SyncDaemon(
                    role: .master, interface: "lo", syncID: 5, group: IPAddress("224.0.0.90"), port: 9000, timeToLive: 3
                )
            ])
    }

    @Test(
        "What is taken otherwise than it looks is told",
        arguments: [
            (
                "-A -t 10.0.0.1:80\n-a -t 10.0.0.1:80 -r 10.1.0.1:81 -g\n-a -t 10.0.0.1:80 -r 10.1.0.2:81 -g -x 5",
                [
                    "line 2 and 1 more: direct routing and tunnels keep the virtual server's port, so 10.1.0.1:81 is 10.1.0.1:80, as `ipvsadm -R` has it"
                ]
            ),
            (
                "-A -t 10.0.0.1:80 -M 255.0.0.0\n-a -t 10.0.0.1:80 -r 10.1.0.1 -x 5",
                ["line 1: -M without -p has no effect and is left out"]
            ),
            (
                "-A -t 10.0.0.1:80\n-a -r 10.1.0.1 -t 10.0.0.1:80 -m -y 0",
                ["line 2: -r stands before its virtual server: `ipvsadm -R` would take port 0, here it is port 80"]
            ),
            (
                "-A -f -1 -s sh -b\n-a -f -1 -r 10.1.0.1 -x 5",
                [
                    "line 1: -b without a name is flag-3, which `ipvsadm -S` cannot write for sh",
                    "line 1: -f -1 is the mark 4294967295: some versions of ipvsadm write it so",
                ]
            ),
            (
                "-A -f 1",
                [
                    "`ipvsadm -S` leaves out thresholds of real servers (-x, -y), and flag-3 of sh and mh beside other flags: `ipvsync import` on the node itself has them"
                ]
            ),
            ("-C", []),
        ] as [(String, [String])])
    func notes(text: String, expected: [String]) throws {
        #expect(try IpvsadmRules.parse(text, file: "f").notes == expected)
    }

    @Test("What ipvsadm would not take is left out of an export, and told")
    func exportLeavesOut() throws {
        func server(_ key: String, _ change: (inout VirtualServer) -> Void = { _ in }, _ real: [RealServer] = []) throws
            -> DesiredVirtualServer
        {
            var server = VirtualServer(try #require(VirtualServerKey(key)), scheduler: Scheduler("rr"))
            change(&server)
            return DesiredVirtualServer(server, realServers: real)
        }
        let endpoint = try #require(Endpoint("10.1.0.1:80"))
        let other = try #require(Endpoint("10.1.0.1:81"))
        let export = IpvsadmExport(
            DesiredState(
                virtualServers: [
                    try server("protocol-47 10.0.0.1:80"), try server("tcp 10.0.0.2:80", { $0.onePacket = true }),
                    try server(
                        "tcp 10.0.0.3:80", { $0.persistence = Persistence(timeout: 0, granularity: .single(.ipv4)) }),
                    try server("tcp 10.0.0.4:80", { $0.scheduler = Scheduler("a b\n-C") }),
                    try server(
                        "tcp 10.0.0.5:80", { _ in },
                        [
                            RealServer(endpoint, forwarding: .other(5)), RealServer(other, forwarding: .direct),
                            RealServer(endpoint, forwarding: .bypass),
                            RealServer(endpoint, forwarding: .tunnel(.other(type: 7, port: 1, flags: 0))),
                            RealServer(other, upperThreshold: .max, lowerThreshold: 3_000_000_000),
                        ]),
                ], timeouts: ConnectionTimeouts(tcp: 1), syncDaemons: [SyncDaemon(role: .master, interface: "lo")]))
        #expect(
            export.rules == """
                -A -t 10.0.0.5:80 -s rr
                -a -t 10.0.0.5:80 -r 10.1.0.1:81 -m -w 1 -x 2147483647 -y 2147483647

                """)
        #expect(
            export.notes == [
                "protocol-47 10.0.0.1:80 is left out: ipvsadm has no option for its protocol",
                "tcp 10.0.0.2:80 is left out: ipvsadm takes one-packet scheduling only for UDP",
                "tcp 10.0.0.3:80 is left out: ipvsadm takes no persistence of 0 seconds",
                "tcp 10.0.0.4:80 is left out: ipvsadm cannot read the name of its scheduler",
                "tcp 10.0.0.5:80 real server 10.1.0.1:80 is left out: ipvsadm has no option for its forwarding method method-5",
                "tcp 10.0.0.5:80 real server 10.1.0.1:81 is left out: ipvsadm would give it port 80",
                "tcp 10.0.0.5:80 real server 10.1.0.1:80 is left out: ipvsadm has no option for its forwarding method bypass",
                "tcp 10.0.0.5:80 real server 10.1.0.1:80 is left out: ipvsadm has no option for its forwarding method tunnel type-7:1 flags 0x0",
                "tcp 10.0.0.5:80 real server 10.1.0.1:81: -x 4294967295 is written as 2147483647, ipvsadm's most",
                "tcp 10.0.0.5:80 real server 10.1.0.1:81: -y 3000000000 is written as 2147483647, ipvsadm's most",
                "timeouts are left out: set them with `ipvsadm --set`",
                "synchronisation daemons are left out: start them with `ipvsadm --start-daemon`",
            ])
    }
}
