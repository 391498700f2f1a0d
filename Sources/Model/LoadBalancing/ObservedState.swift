/// What the kernel holds, as one look found it.
package struct ObservedState: Hashable, Sendable {
    /// Sorted by key, each key once.
    package var virtualServers: [ObservedVirtualServer]
    package var timeouts: ConnectionTimeouts
    package var syncDaemons: [SyncDaemon]

    package init(
        virtualServers: [ObservedVirtualServer] = [], timeouts: ConnectionTimeouts = ConnectionTimeouts(),
        syncDaemons: [SyncDaemon] = []
    ) {
        self.virtualServers = virtualServers
        self.timeouts = timeouts
        self.syncDaemons = syncDaemons
    }
}

/// A virtual server in the kernel with its real servers and counters.
package struct ObservedVirtualServer: Hashable, Sendable {
    package var virtualServer: VirtualServer
    /// Sorted by endpoint, each endpoint once.
    package var realServers: [ObservedRealServer]
    /// `nil` unless statistics were asked for.
    package var statistics: TrafficStatistics?
    /// Flags of the kernel's that a declaration cannot speak of (`IP_VS_SVC_F_*`): no edit of ours touches them.
    package var otherFlags: UInt32

    package var key: VirtualServerKey { virtualServer.key }

    package init(
        _ virtualServer: VirtualServer, realServers: [ObservedRealServer] = [], statistics: TrafficStatistics? = nil,
        otherFlags: UInt32 = 0
    ) {
        self.virtualServer = virtualServer
        self.realServers = realServers
        self.statistics = statistics
        self.otherFlags = otherFlags
    }
}

/// A real server in the kernel with its connections and counters.
package struct ObservedRealServer: Hashable, Sendable {
    package var realServer: RealServer
    package var connections: ConnectionCounts
    private var counters: Counters?

    package var endpoint: Endpoint { realServer.endpoint }

    /// `nil` unless statistics were asked for.
    package var statistics: TrafficStatistics? { counters?.value }

    package init(
        _ realServer: RealServer, connections: ConnectionCounts = ConnectionCounts(),
        statistics: TrafficStatistics? = nil
    ) {
        self.realServer = realServer
        self.connections = connections
        counters = statistics.map { Counters($0) }
    }

    /// Out of line: a look at 100,000 real servers rarely wants them, and they are larger than all the rest.
    private final class Counters: Hashable, Sendable {
        let value: TrafficStatistics

        init(_ value: TrafficStatistics) { self.value = value }

        static func == (left: Counters, right: Counters) -> Bool { left.value == right.value }
        func hash(into hasher: inout Hasher) { hasher.combine(value) }
    }
}
