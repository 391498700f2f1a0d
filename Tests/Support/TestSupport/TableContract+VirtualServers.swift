import LoadBalancing

extension TableContract {
    static var virtualServerCases: [TableContract] {
        settingsCases + [
            TableContract(name: "an empty table") { table in
                try table.equal(try table.state().virtualServers, [])
                try table.equal(try table.realServers(of: .web), nil)
            },
            TableContract(name: "single virtual servers are read as in the whole state") { table in
                let mark = VirtualServerKey.firewallMark(7, .ipv6)
                let absent = VirtualServerKey.endpoint(.udp, Endpoint(IPAddress(v4: 0xC000_0201), port: 53))
                try table.apply([
                    .addVirtualServer(VirtualServer(.web, scheduler: Scheduler("sh", flags: [.flag1]))),
                    .addRealServer(RealServer(Endpoint(IPAddress(v4: 0xC633_6401), port: 80), weight: 3), to: .web),
                    .addVirtualServer(VirtualServer(mark)),
                ])
                try table.equal(try table.virtualServers([mark, absent, .web]), try table.state().virtualServers)
                try table.equal(try table.virtualServers([absent]), [])
                try table.equal(try table.virtualServers([]), [])
            },
            TableContract(name: "a virtual server exists once") { table in
                try table.apply(
                    [.addVirtualServer(VirtualServer(.web)), .addVirtualServer(VirtualServer(.web))], refused: [1: 17])
            },
            TableContract(name: "a missing virtual server") { table in
                try table.apply(
                    [.editVirtualServer(VirtualServer(.web)), .removeVirtualServer(.web)], refused: [0: 3, 1: 3])
            },
            TableContract(name: "an unknown scheduler") { table in
                try table.apply(
                    [.addVirtualServer(VirtualServer(.web, scheduler: Scheduler("nosuch")))], refused: [0: 2])
                try table.apply([.addVirtualServer(VirtualServer(.web))])
                try table.apply(
                    [.editVirtualServer(VirtualServer(.web, scheduler: Scheduler("nosuch")))], refused: [0: 2])
                try table.equal(try table.single().virtualServer.scheduler.name, "wlc")
            },
            TableContract(name: "an unknown persistence engine") { table in
                let server = VirtualServer(
                    .web, persistence: Persistence(timeout: 300, granularity: .single(.ipv4)), engine: "nosuch")
                try table.apply([.addVirtualServer(server)], refused: [0: 2])
            },
            TableContract(name: "port 0 is taken, with persistence and without") { table in
                let key = VirtualServerKey.endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 0))
                let server = VirtualServer(key, persistence: Persistence(timeout: 60, granularity: .single(.ipv4)))
                try table.apply([.addVirtualServer(VirtualServer(key)), .editVirtualServer(server)])
                try table.equal(try table.single().virtualServer, server)
            },
            TableContract(name: "an edit keeps the real servers") { table in
                let persistent = VirtualServer(
                    .web, scheduler: Scheduler("sh", flags: [.flag1]),
                    persistence: Persistence(timeout: 90, granularity: .mask(0xFFFF_FF00)))
                try table.apply([
                    .addVirtualServer(VirtualServer(.web)), .addRealServer(.first, to: .web),
                    .editVirtualServer(persistent),
                ])
                try table.equal(try table.single().virtualServer, persistent)
                try table.equal(try table.realServers(of: .web), [.first])
                try table.apply([.editVirtualServer(VirtualServer(.web))])
                try table.equal(try table.single().virtualServer, VirtualServer(.web))
            },
            TableContract(name: "removing a virtual server drops its real servers") { table in
                try table.apply([
                    .addVirtualServer(VirtualServer(.web)), .addRealServer(.first, to: .web),
                    .removeVirtualServer(.web), .addVirtualServer(VirtualServer(.web)),
                ])
                try table.equal(try table.realServers(of: .web), [])
            },
            TableContract(name: "virtual servers come sorted") { table in
                let keys: [VirtualServerKey] = [
                    .firewallMark(9, .ipv6), .firewallMark(9, .ipv4), .web6, .dns, .web,
                    .endpoint(.sctp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80)),
                ]
                try table.apply(keys.map { .addVirtualServer(VirtualServer($0)) })
                try table.equal(try table.state().virtualServers.map(\.key), keys.sorted())
            },
            TableContract(name: "a refused operation does not stop the others") { table in
                try table.apply(
                    [
                        .addVirtualServer(VirtualServer(.web)), .addVirtualServer(VirtualServer(.web)),
                        .addRealServer(.first, to: .dns), .addRealServer(.first, to: .web),
                    ], refused: [1: 17, 2: 3])
                try table.equal(try table.realServers(of: .web), [.first])
            },
            TableContract(name: "thousands of operations at once") { table in
                let servers = (0..<1_500).map { index in
                    RealServer(Endpoint(IPAddress(v4: 0xC612_0000 + UInt32(index)), port: 80), weight: UInt32(index))
                }
                // Every third one twice: the second is refused, and found at its own place.
                var operations: [TableOperation] = [.addVirtualServer(VirtualServer(.web))]
                var refused: [Int: Int32] = [:]
                for (index, server) in servers.enumerated() {
                    operations.append(.addRealServer(server, to: .web))
                    if index % 3 == 0 {
                        refused[operations.count] = 17
                        operations.append(.addRealServer(server, to: .web))
                    }
                }
                try table.apply(operations, refused: refused)
                try table.equal(try table.realServers(of: .web), servers)
            },
        ]
    }

    /// Every setting of a virtual server is read back as it was written.
    private static var settingsCases: [TableContract] {
        let servers = [
            VirtualServer(.web, scheduler: Scheduler("rr")),
            VirtualServer(.web6, scheduler: Scheduler("wrr")),
            VirtualServer(.dns, scheduler: Scheduler("sh", flags: [.flag1, .flag2]), onePacket: true),
            VirtualServer(
                .endpoint(.sctp, Endpoint(IPAddress(v4: 0xC000_0203), port: 2905)),
                scheduler: Scheduler("mh", flags: [.flag1, .flag2])),
            VirtualServer(
                .firewallMark(UInt32.max, .ipv4), scheduler: Scheduler("lc", flags: .all),
                persistence: Persistence(timeout: 10_800, granularity: .mask(0xFF00_FF00))),
            VirtualServer(
                .firewallMark(1, .ipv6), scheduler: Scheduler("dh"),
                persistence: Persistence(timeout: Persistence.maximumTimeout, granularity: .prefix(64))),
            VirtualServer(
                .endpoint(.udp, Endpoint(IPAddress(v4: 0xC000_0204), port: 5060)), scheduler: Scheduler("rr"),
                persistence: Persistence(timeout: 1, granularity: .single(.ipv4)), engine: "sip"),
        ]
        return servers.map { server in
            TableContract(name: "settings of \(server.key) are read back") { table in
                try table.apply([.addVirtualServer(server)])
                try table.equal(try table.single().virtualServer, server)
            }
        }
    }
}

extension VirtualServerKey {
    static let web = endpoint(.tcp, Endpoint(IPAddress(v4: 0xC000_0201), port: 80))
    static let web6 = endpoint(.tcp, Endpoint(IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 1), port: 80))
    static let dns = endpoint(.udp, Endpoint(IPAddress(v4: 0xC000_0202), port: 53))
}

extension RealServer {
    static let first = RealServer(Endpoint(IPAddress(v4: 0xC633_6401), port: 8080))
    static let second = RealServer(Endpoint(IPAddress(v4: 0xC633_6402), port: 8080))
}
