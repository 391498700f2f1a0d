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
    /// Its place in the kernel's list, the last addition first; `nil` when unknown. No part of a comparison.
    package var position: UInt32?
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

    package static func == (left: Self, right: Self) -> Bool {
        left.realServer == right.realServer && left.connections == right.connections && left.counters == right.counters
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(realServer)
        hasher.combine(connections)
        hasher.combine(counters)
    }

    /// Out of line: a look at 100,000 real servers rarely wants them, and they are larger than all the rest.
    private final class Counters: Hashable, Sendable {
        let value: TrafficStatistics

        init(_ value: TrafficStatistics) { self.value = value }

        static func == (left: Counters, right: Counters) -> Bool { left.value == right.value }
        func hash(into hasher: inout Hasher) { hasher.combine(value) }
    }
}

/// The connections that the kernel counts for a real server.
package struct ConnectionCounts: Hashable, Sendable {
    /// TCP in ESTABLISHED; for UDP and SCTP the protocol's equivalent.
    package var active: UInt32
    /// Everything else that still has an entry, TIME_WAIT included.
    package var inactive: UInt32
    /// Persistence templates, which are no traffic of their own.
    package var persistent: UInt32

    package init(active: UInt32 = 0, inactive: UInt32 = 0, persistent: UInt32 = 0) {
        self.active = active
        self.inactive = inactive
        self.persistent = persistent
    }

    /// Whether any connection would lose its real server with a removal.
    package var isIdle: Bool { active == 0 && inactive == 0 }
}

/// The namespace's connection timeouts in seconds; `nil` leaves that one as it is (`IPVS_CMD_SET_CONFIG`).
package struct ConnectionTimeouts: Hashable, Sendable {
    /// Established TCP connections; the kernel boots with 900.
    package var tcp: UInt32?
    /// TCP connections after a FIN; the kernel boots with 120.
    package var tcpFin: UInt32?
    /// UDP "connections"; the kernel boots with 300.
    package var udp: UInt32?

    package init(tcp: UInt32? = nil, tcpFin: UInt32? = nil, udp: UInt32? = nil) {
        self.tcp = tcp
        self.tcpFin = tcpFin
        self.udp = udp
    }

    /// The largest value that the kernel takes: `INT_MAX / HZ`, with the largest HZ there is.
    package static let maximum: UInt32 = 2_147_483_647 / 1000
}

/// 64-bit counters since the last zeroing, and the kernel's estimate of the present rates.
package struct TrafficStatistics: Hashable, Sendable {
    package var connections: UInt64 = 0
    package var inboundPackets: UInt64 = 0
    package var outboundPackets: UInt64 = 0
    package var inboundBytes: UInt64 = 0
    package var outboundBytes: UInt64 = 0

    /// Per second, all five; 0 where `net.ipv4.vs.run_estimation` is off.
    package var connectionRate: UInt64 = 0
    package var inboundPacketRate: UInt64 = 0
    package var outboundPacketRate: UInt64 = 0
    package var inboundByteRate: UInt64 = 0
    package var outboundByteRate: UInt64 = 0

    package init() {}
}
