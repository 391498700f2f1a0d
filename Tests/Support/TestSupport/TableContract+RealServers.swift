import LoadBalancing

extension TableContract {
    static var realServerCases: [TableContract] {
        settingsCases + [
            TableContract(name: "a real server exists once") { table in
                try table.apply(
                    [
                        .addVirtualServer(VirtualServer(.web)), .addRealServer(.first, to: .web),
                        .addRealServer(.first, to: .web),
                    ], refused: [2: 17])
            },
            TableContract(name: "a missing real server") { table in
                try table.apply(
                    [
                        .addVirtualServer(VirtualServer(.web)), .editRealServer(.first, of: .web),
                        .removeRealServer(RealServer.first.endpoint, from: .web),
                    ], refused: [1: 2, 2: 2])
            },
            TableContract(name: "a real server of a missing virtual server") { table in
                try table.apply(
                    [
                        .addRealServer(.first, to: .web), .editRealServer(.first, of: .web),
                        .removeRealServer(RealServer.first.endpoint, from: .web),
                    ], refused: [0: 3, 1: 3, 2: 3])
            },
            TableContract(name: "a weight or a threshold out of range") { table in
                var heavy = RealServer.first
                heavy.weight = RealServer.maximumWeight + 1
                var crossed = RealServer.first
                (crossed.lowerThreshold, crossed.upperThreshold) = (10, 5)
                var lower = RealServer.first
                lower.lowerThreshold = 1
                try table.apply(
                    [
                        .addVirtualServer(VirtualServer(.web)), .addRealServer(heavy, to: .web),
                        .addRealServer(crossed, to: .web), .addRealServer(lower, to: .web),
                        .addRealServer(.first, to: .web), .editRealServer(heavy, of: .web),
                        .editRealServer(crossed, of: .web),
                    ], refused: [1: 34, 2: 34, 3: 34, 5: 34, 6: 34])
                try table.equal(try table.realServers(of: .web), [.first])
            },
            TableContract(name: "the other family needs a tunnel") { table in
                let address = IPAddress(v6High: 0x2001_0DB8_0000_0000, low: 9)
                let masqueraded = RealServer(Endpoint(address, port: 80))
                let tunnelled = RealServer(Endpoint(address, port: 80), forwarding: .tunnel(.ipip))
                try table.apply(
                    [
                        .addVirtualServer(VirtualServer(.web)), .addRealServer(masqueraded, to: .web),
                        .addRealServer(tunnelled, to: .web),
                    ], refused: [1: 22])
                try table.equal(try table.realServers(of: .web), [tunnelled])
            },
            TableContract(name: "real servers come and go, sorted") { table in
                try table.apply([
                    .addVirtualServer(VirtualServer(.web)), .addRealServer(.second, to: .web),
                    .addRealServer(.first, to: .web),
                ])
                try table.equal(try table.realServers(of: .web), [.first, .second])
                try table.apply([.removeRealServer(RealServer.first.endpoint, from: .web)])
                try table.equal(try table.realServers(of: .web), [.second])
                try table.equal(try table.single().realServers.map(\.realServer), [.second])
            },
            TableContract(name: "the last addition comes first, and what is moved too, as it is to be then") { table in
                let third = RealServer(Endpoint(IPAddress(v4: 0xC633_6403), port: 80), weight: 5)
                var moved = RealServer.first
                moved.weight = 9
                try table.apply([
                    .addVirtualServer(VirtualServer(.web)), .addRealServer(.first, to: .web),
                    .addRealServer(third, to: .web), .addRealServer(.second, to: .web),
                ])
                func order() throws -> [RealServer] {
                    try table.single().realServers.sorted { $0.position ?? .max < $1.position ?? .max }
                        .map(\.realServer)
                }
                try table.equal(try order(), [.second, third, .first])
                try table.apply([.moveRealServer(moved, of: .web), .moveRealServer(third, of: .web)])
                try table.equal(try order(), [third, moved, .second])
                // One that is not there comes.
                try table.apply([
                    .removeRealServer(third.endpoint, from: .web), .moveRealServer(third, of: .web),
                ])
                try table.equal(try order(), [third, moved, .second])
            },
            TableContract(name: "an edit changes every setting in place") { table in
                let changed = RealServer(
                    RealServer.first.endpoint, forwarding: .tunnel(.gue(port: 6080, checksum: .full)), weight: 0,
                    upperThreshold: 4_000_000_000, lowerThreshold: 7)
                try table.apply([
                    .addVirtualServer(VirtualServer(.web)), .addRealServer(.first, to: .web),
                    .editRealServer(changed, of: .web),
                ])
                try table.equal(try table.realServers(of: .web), [changed])
            },
        ]
    }

    /// Every setting of a real server is read back as it was written.
    private static var settingsCases: [TableContract] {
        let address = IPAddress(v4: 0xC633_6401)
        let methods: [ForwardingMethod] =
            [.masquerade, .direct, .tunnel(.ipip)]
            + TunnelChecksum.allCases.map { .tunnel(.gue(port: 6080, checksum: $0)) }
            + [.tunnel(.gre(checksum: .none)), .tunnel(.gre(checksum: .full))]
        let servers =
            methods.map { RealServer(Endpoint(address, port: 80), forwarding: $0) } + [
                RealServer(Endpoint(address, port: 65_535), weight: RealServer.maximumWeight),
                RealServer(Endpoint(address, port: 1), weight: 0),
                RealServer(Endpoint(address, port: 80), upperThreshold: .max, lowerThreshold: .max),
            ]
        return servers.map { server in
            let text = "\(server.endpoint) \(server.forwarding) \(server.weight) \(server.upperThreshold)"
            return TableContract(name: "settings of real server \(text) are read back") { table in
                try table.apply([.addVirtualServer(VirtualServer(.web)), .addRealServer(server, to: .web)])
                try table.equal(try table.realServers(of: .web), [server])
                try table.equal(try table.single().realServers.map(\.connections), [ConnectionCounts()])
            }
        }
    }
}
