package import LoadBalancing
package import Reconcile
internal import Synchronization

/// The kernel's 64-bit counters of our virtual servers and real servers.
package struct TrafficMetrics: Sendable {
    private let servers: [ObservedVirtualServer]
    private let owned: [VirtualServerKey: Ledger.Ownership]

    /// - Parameters:
    ///   - observed: Read with statistics.
    ///   - owned: Those that are ours; nothing is told of others.
    package init(_ observed: [ObservedVirtualServer], owned: [VirtualServerKey: Ledger.Ownership]) {
        servers = observed.filter { owned[$0.key] != nil }
        self.owned = owned
    }

    /// Writes a family after the other, as the format wants them.
    package func write(to text: inout Exposition) {
        let virtual = servers.map { (labels: labels(of: $0), value: $0.statistics ?? TrafficStatistics()) }
        write("virtual_server", "virtual servers", virtual, &text)
        let pairs = servers.flatMap { server in
            let own = labels(of: server)
            return server.realServers.map { (labels: own + [("real_server", $0.endpoint.description)], server: $0) }
        }
        write(
            "real_server", "real servers", pairs.map { ($0.labels, $0.server.statistics ?? TrafficStatistics()) }, &text
        )
        text.begin("ipvsync_real_server_open_connections", .gauge, "Connections in the kernel's table.")
        for (labels, server) in pairs {
            let states = [("active", server.connections.active), ("inactive", server.connections.inactive)]
            for (state, count) in states {
                text.sample("ipvsync_real_server_open_connections", labels + [("state", state)], count)
            }
        }
        text.begin("ipvsync_real_server_weight", .gauge, "The weight; 0 takes no new connections.")
        for (labels, server) in pairs { text.sample("ipvsync_real_server_weight", labels, server.realServer.weight) }
    }

    private func write(
        _ name: String, _ what: String, _ series: [(labels: Exposition.Labels, value: TrafficStatistics)],
        _ text: inout Exposition
    ) {
        text.begin("ipvsync_\(name)_connections_total", .counter, "Connections that \(what) were given.")
        for (labels, value) in series { text.sample("ipvsync_\(name)_connections_total", labels, value.connections) }
        text.begin("ipvsync_\(name)_packets_total", .counter, "Packets of \(what), by direction.")
        for (labels, value) in series {
            for (way, count) in [("in", value.inboundPackets), ("out", value.outboundPackets)] {
                text.sample("ipvsync_\(name)_packets_total", labels + [("direction", way)], count)
            }
        }
        text.begin("ipvsync_\(name)_bytes_total", .counter, "Bytes of \(what), by direction.")
        for (labels, value) in series {
            for (way, count) in [("in", value.inboundBytes), ("out", value.outboundBytes)] {
                text.sample("ipvsync_\(name)_bytes_total", labels + [("direction", way)], count)
            }
        }
    }

    private func labels(of server: ObservedVirtualServer) -> Exposition.Labels {
        [("virtual_server", server.key.description)] + ServiceLabels.of(owned[server.key]?.name)
    }
}

/// Traffic as it was read last: many who ask within a moment cost as much as one.
package final class TrafficCache: Sendable {
    private struct State {
        var figures: TrafficMetrics?
        var end: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let lifetime: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let read: @Sendable () -> TrafficMetrics?

    /// - Parameters:
    ///   - lifetime: How old an answer may be.
    ///   - read: Reads it from the kernel; `nil` when it cannot be read, or is too much. Others wait meanwhile: only
    ///     threads for slow answers may ask.
    package init(
        for lifetime: Duration = .seconds(1), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        read: @escaping @Sendable () -> TrafficMetrics?
    ) {
        self.lifetime = lifetime
        self.now = now
        self.read = read
    }

    /// What was read within the lifetime.
    package func current() -> TrafficMetrics? {
        state.withLock { state in
            if let end = state.end, now() < end { return state.figures }
            state.figures = read()
            // From the end of the reading: one that takes long is not begun again at once.
            state.end = now() + lifetime
            return state.figures
        }
    }
}
