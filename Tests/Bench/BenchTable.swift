import LoadBalancing

/// A table of `count` virtual servers with ten real servers each, all masqueraded.
struct BenchTable {
    let virtualServers: [DesiredVirtualServer]

    /// - Parameter weight: The weight of the very first real server, to make one change.
    init(count: Int, realServers: Int = 10, weight: UInt32 = 1) {
        virtualServers = (0..<count).map { index in
            let key = VirtualServerKey.endpoint(
                .tcp, Endpoint(IPAddress(v4: 0x0A60_0000 + UInt32(index / 4)), port: UInt16(8000 + index % 4)))
            return DesiredVirtualServer(
                VirtualServer(key, scheduler: Scheduler("rr")),
                realServers: (0..<realServers).map { real in
                    RealServer(
                        Endpoint(IPAddress(v4: 0x0AF4_0000 + UInt32(index * realServers + real)), port: 8080),
                        weight: index == 0 && real == 0 ? weight : 1)
                })
        }
    }

    /// What programs the table from nothing, in the order of a plan.
    var additions: [TableOperation] {
        virtualServers.map { .addVirtualServer($0.virtualServer) }
            + virtualServers.flatMap { server in server.realServers.map { .addRealServer($0, to: server.key) } }
    }

    /// What removes it.
    var removals: [TableOperation] { virtualServers.map { .removeVirtualServer($0.key) } }
}
