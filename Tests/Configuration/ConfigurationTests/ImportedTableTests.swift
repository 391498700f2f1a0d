import Configuration
import LoadBalancing
import Testing

@Suite("Imports")
struct ImportedTableTests {
    private static func observed(
        _ key: String, _ change: (inout VirtualServer) -> Void = { _ in }, _ real: [RealServer] = [], flags: UInt32 = 0
    ) throws -> ObservedVirtualServer {
        var server = VirtualServer(try #require(VirtualServerKey(key)), scheduler: Scheduler("rr"))
        change(&server)
        return ObservedVirtualServer(server, realServers: real.map { ObservedRealServer($0) }, otherFlags: flags)
    }

    @Test("What cannot be declared is a comment with its reason, and the rest reads back")
    func leftOut() throws {
        let endpoint = try #require(Endpoint("10.1.0.1:80"))
        let good = try Self.observed("tcp 10.0.0.1:80", { _ in }, [RealServer(endpoint)])
        let state = ObservedState(virtualServers: [
            good, try Self.observed("protocol-47 10.0.0.1:80"),
            try Self.observed("tcp 10.0.0.2:80", { $0.onePacket = true }),
            try Self.observed("udp 224.0.0.9:82"),
            try Self.observed("tcp 10.0.0.3:80", { _ in }, [RealServer(endpoint, forwarding: .other(6))]),
            try Self.observed("tcp 10.0.0.4:80", { $0.scheduler = Scheduler("x\n- {address: 9.9.9.9}\u{85}y") }),
        ])
        let text = ImportedTable(state).yaml()
        let read = try Configuration.parse(text, file: "f").desired.virtualServers
        #expect(read == DesiredState(ObservedState(virtualServers: [good])).virtualServers)
        #expect(text.hasPrefix("# Left out, with the reason: 5, at the end.\n\n"))
        for line in [
            "# protocol-47 10.0.0.1:80: protocol is 47",
            "# tcp 10.0.0.2:80: one-packet scheduling is not for tcp",
            "# udp 224.0.0.9:82: 224.0.0.9 is a multicast address",
            "# tcp 10.0.0.3:80: forwarding is `method-6`",
            "#   - address: 224.0.0.9:82", "#   - address: 10.0.0.1:80", "#     protocol: 47",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == line }, "\(line) in \(text)")
        }
        #expect(ImportedTable(state).omissions.count == 5)
    }

    @Test("Flags that have no name are told, and the virtual server is declared")
    func flags() throws {
        let table = ImportedTable(ObservedState(virtualServers: [try Self.observed("fwmark 1", flags: 0x140)]))
        #expect(table.notes.count == 1 && table.yaml().contains("# fwmark 1 has the flags 0x140 beside"))
        #expect(try Configuration.parse(table.yaml(), file: "f").desired.virtualServers.count == 1)
    }

    @Test("The kernel's mark of a local real server becomes a method that can be declared")
    func local() throws {
        let endpoint = try #require(Endpoint("10.1.0.1:81"))
        let server = try Self.observed("tcp 10.0.0.1:80", { _ in }, [RealServer(endpoint, forwarding: .local)])
        let text = ImportedTable(ObservedState(virtualServers: [server])).yaml()
        let read = try Configuration.parse(text, file: "f").desired.virtualServers
        #expect(read.first?.realServers == [RealServer(endpoint, forwarding: .masquerade)])
    }

    @Test("Daemons are declared only when asked for")
    func daemons() throws {
        let daemon = SyncDaemon(role: .master, interface: "lo", syncID: 5)
        let state = ObservedState(timeouts: ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300), syncDaemons: [daemon])
        let table = ImportedTable(state)
        #expect(try Configuration.parse(table.yaml(), file: "f").desired.syncDaemons == nil)
        #expect(table.yaml().contains("# synchronisation daemons: import takes them with --sync-daemons"))
        #expect(table.yaml().contains("#     interface: lo"))
        #expect(table.omissions.count == 1)
        let asked = ImportedTable(state, syncDaemons: true)
        #expect(try Configuration.parse(asked.yaml(), file: "f").desired.syncDaemons == [daemon])
        #expect(asked.omissions.isEmpty)
        let rules = try IpvsadmRules.parse("--start-daemon master --mcast-interface lo --syncid 5", file: "f")
        #expect(try Configuration.parse(ImportedTable(rules).yaml(), file: "f").desired.syncDaemons == nil)
        let all = ImportedTable(rules, syncDaemons: true)
        #expect(try Configuration.parse(all.yaml(), file: "f").desired.syncDaemons == [daemon])
    }

    @Test("A dump's line of an unknown protocol is a comment, and does not spoil the rest")
    func unknownProtocol() throws {
        let text = """
            -A --xxx-service 192.0.2.1:80 -s rr
            -a --xxx-service 192.0.2.1:80 -r 198.51.100.1:80 -m -w 1
            -A -t 192.0.2.2:80 -s rr
            -A -t 192.0.2.3:80 -s rr -p 0
            -A -t 192.0.2.4:80 -s rr -o
            -A -t 0.0.0.0:81 -s rr
            -A -t 2001:db8::1 -s rr
            -a -t 2001:db8::1 -r 2001:db8::2 -m
            """
        let table = ImportedTable(try IpvsadmRules.parse(text, file: "f"))
        #expect(
            try Configuration.parse(table.yaml(), file: "f").desired.virtualServers.map(\.key.description) == [
                "tcp 192.0.2.2:80"
            ])
        #expect(table.yaml().contains("#   -a --xxx-service 192.0.2.1:80 -r 198.51.100.1:80 -m -w 1\n"))
        #expect(table.omissions.count == 5)
    }

    @Test("An engine without persistence survives")
    func engine() throws {
        let server = try Self.observed("udp 10.0.0.1:5060", { $0.engine = "sip" })
        let text = ImportedTable(ObservedState(virtualServers: [server])).yaml()
        #expect(
            try Configuration.parse(text, file: "f").desired.virtualServers.map(\.virtualServer) == [
                server.virtualServer
            ])
    }
}
