package import LoadBalancing

/// The kernel's table with the traffic per second between two looks.
package struct RateTable: Sendable {
    package enum Order: String, Hashable, Sendable, CaseIterable {
        /// The busiest first.
        case rate
        /// As the kernel's table is sorted everywhere: by address and port.
        case name
    }

    package struct VirtualServer: Sendable {
        package let key: VirtualServerKey
        /// `nil` when it was not there at the look before.
        package let rates: TrafficRates?
        /// Of all its real servers.
        package let active: UInt64
        package let inactive: UInt64
        package let realServers: [RealServer]
    }

    package struct RealServer: Sendable {
        package let endpoint: Endpoint
        package let weight: Int64
        /// `nil` when it was not there at the look before.
        package let rates: TrafficRates?
        package let active: UInt32
        package let inactive: UInt32
    }

    package let virtualServers: [VirtualServer]

    /// - Parameters:
    ///   - current: With statistics.
    ///   - previous: The look before; `nil` at the first, when there are no rates yet.
    ///   - elapsed: The time between the two.
    package init(_ current: ObservedState, since previous: ObservedState?, elapsed: Duration) {
        let before = Dictionary(
            (previous?.virtualServers ?? []).lazy.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        virtualServers = current.virtualServers.map { server in
            VirtualServer(server, since: before[server.key], elapsed: elapsed)
        }
    }

    package func sorted(by order: Order) -> [VirtualServer] {
        switch order {
        case .name: virtualServers.sorted { $0.key < $1.key }
        case .rate:
            virtualServers.sorted { TrafficRates.isBusier($0.rates, than: $1.rates) ?? ($0.key < $1.key) }
        }
    }

    /// How many real servers there are, each counted once for every virtual server that it serves.
    package var realServerCount: Int { virtualServers.reduce(0) { $0 + $1.realServers.count } }
}

extension RateTable.VirtualServer {
    fileprivate init(_ current: ObservedVirtualServer, since previous: ObservedVirtualServer?, elapsed: Duration) {
        let before = Dictionary(
            (previous?.realServers ?? []).lazy.map { ($0.endpoint, $0) }, uniquingKeysWith: { first, _ in first })
        key = current.key
        rates = TrafficRates(current.statistics, since: previous?.statistics, elapsed: elapsed)
        active = current.realServers.reduce(0) { $0 + UInt64($1.connections.active) }
        inactive = current.realServers.reduce(0) { $0 + UInt64($1.connections.inactive) }
        realServers = current.realServers.map { server in
            RateTable.RealServer(
                endpoint: server.endpoint, weight: Int64(server.realServer.weight),
                rates: TrafficRates(
                    server.statistics, since: before[server.endpoint]?.statistics, elapsed: elapsed),
                active: server.connections.active, inactive: server.connections.inactive)
        }
    }

    /// Its real servers in that order.
    func realServers(by order: RateTable.Order) -> [RateTable.RealServer] {
        switch order {
        case .name: realServers.sorted { $0.endpoint < $1.endpoint }
        case .rate:
            realServers.sorted { TrafficRates.isBusier($0.rates, than: $1.rates) ?? ($0.endpoint < $1.endpoint) }
        }
    }
}
