import Agent
import LoadBalancing

extension TableContract {
    static var listingCases: [TableContract] {
        [
            TableContract(name: "the listing of an empty table") { table in
                try table.equal(table.listing(), [])
            },
            TableContract(name: "the listing shows what a close look shows") { table in
                try table.apply(shown.flatMap(operations))
                let expected = try table.state().virtualServers.map { ListedVirtualServer($0) }
                try table.equal(table.listing(), Set(expected))
                try table.equal(expected.count, shown.count)
            },
            TableContract(name: "the listing changes with what it shows") { table in
                try table.apply(shown.flatMap(operations))
                let before = table.listing()
                let lighter = RealServer(Endpoint(IPAddress(v4: 0xC633_6401), port: 8080), weight: 6)
                let key = shown[0].key
                for change in [
                    .editRealServer(lighter, of: key),
                    .editVirtualServer(VirtualServer(key, scheduler: Scheduler("sh"))),
                    .removeRealServer(lighter.endpoint, from: key),
                ] as [TableOperation] {
                    let last = table.listing()
                    try table.apply([change])
                    try table.equal(table.listing().symmetricDifference(last).map(\.key), [key, key])
                }
                try table.apply([.removeVirtualServer(key)])
                try table.equal(before.subtracting(table.listing()).map(\.key), [key])
            },
            TableContract(name: "random tables are listed as they are") { table in
                var states = RandomStates(seed: 77)
                for _ in 0..<30 {
                    let state = states.desired()
                    try table.apply(state.virtualServers.flatMap(operations))
                    let expected = try table.state().virtualServers.map { ListedVirtualServer($0) }
                    try table.equal(table.listing(), Set(expected))
                    try table.apply(state.virtualServers.map { .removeVirtualServer($0.key) })
                }
            },
        ]
    }

    private static func operations(_ server: DesiredVirtualServer) -> [TableOperation] {
        [.addVirtualServer(server.virtualServer)]
            + server.realServers.map { .addRealServer($0, to: server.key) }
    }

    /// One of each kind that a listing can tell apart.
    private static let shown: [DesiredVirtualServer] = {
        let v4 = IPAddress(v4: 0xC000_0201)
        let v6 = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 0xFEDC_BA98_7654_3210)
        let realServers = [
            RealServer(Endpoint(IPAddress(v4: 0xC633_6401), port: 8080), weight: 5),
            RealServer(Endpoint(IPAddress(v4: 0xC633_6402), port: 80), forwarding: .direct, weight: 0),
            RealServer(
                Endpoint(IPAddress(v4: 0xC633_6403), port: 80), forwarding: .tunnel(.ipip),
                weight: RealServer.maximumWeight),
        ]
        let v6RealServers = [
            RealServer(Endpoint(IPAddress(v6High: 0x2001_0DB8_0000_00FF, low: 7), port: 443), weight: 2)
        ]
        let day = Persistence(timeout: 86_400, granularity: .mask(0xFFFF_FF00))
        return [
            DesiredVirtualServer(
                VirtualServer(.endpoint(.tcp, Endpoint(v4, port: 80)), scheduler: Scheduler("wrr"), persistence: day),
                realServers: realServers),
            DesiredVirtualServer(
                VirtualServer(.endpoint(.udp, Endpoint(v4, port: 53)), scheduler: Scheduler("rr"), onePacket: true),
                realServers: realServers),
            DesiredVirtualServer(VirtualServer(.endpoint(.sctp, Endpoint(v4, port: 9)), scheduler: Scheduler("lblcr"))),
            DesiredVirtualServer(
                VirtualServer(
                    .endpoint(.tcp, Endpoint(v6, port: 443)), scheduler: Scheduler("rr"),
                    persistence: Persistence(timeout: 1, granularity: .prefix(64))),
                realServers: v6RealServers),
            DesiredVirtualServer(
                VirtualServer(.endpoint(.udp, Endpoint(v6, port: 53)), scheduler: Scheduler("rr"), onePacket: true)),
            DesiredVirtualServer(
                VirtualServer(.firewallMark(42, .ipv4), scheduler: Scheduler("sh"), persistence: day, onePacket: true),
                realServers: realServers),
        ]
    }()
}
