package import LoadBalancing

/// What is ours in the kernel, and since when real servers drain.
///
/// Everything that neither the ledger holds nor anybody declares is foreign and never touched.
package struct Ledger: Hashable, Sendable {
    /// What is remembered of a virtual server that is ours, for the time when it is declared no more.
    package struct Ownership: Hashable, Sendable {
        package var name: String?
        /// Its own drain timeout in seconds; `nil` for the general one.
        package var drainTimeout: UInt32?

        package init(name: String? = nil, drainTimeout: UInt32? = nil) {
            self.name = name
            self.drainTimeout = drainTimeout
        }
    }

    /// The real server that drains, by virtual server and endpoint.
    package struct DrainKey: Hashable, Sendable, Comparable {
        package let virtualServer: VirtualServerKey
        package let realServer: Endpoint

        package init(_ virtualServer: VirtualServerKey, _ realServer: Endpoint) {
            self.virtualServer = virtualServer
            self.realServer = realServer
        }

        package static func < (left: Self, right: Self) -> Bool {
            (left.virtualServer, left.realServer) < (right.virtualServer, right.realServer)
        }
    }

    package var virtualServers: [VirtualServerKey: Ownership]
    /// When each drain began, in seconds on the clock that counts from boot.
    package var drains: [DrainKey: UInt64]
    /// The synchronisation daemons that we started.
    package var syncDaemons: Set<SyncDaemon.Role>

    package init(
        virtualServers: [VirtualServerKey: Ownership] = [:], drains: [DrainKey: UInt64] = [:],
        syncDaemons: Set<SyncDaemon.Role> = []
    ) {
        self.virtualServers = virtualServers
        self.drains = drains
        self.syncDaemons = syncDaemons
    }
}

extension Ledger {
    /// Whether the virtual server is ours.
    package func owns(_ key: VirtualServerKey) -> Bool { virtualServers[key] != nil }

    /// The declared name of a virtual server of ours.
    package func name(of key: VirtualServerKey) -> String? { virtualServers[key]?.name }

    /// When a real server began to drain, in seconds from boot; `nil` when it does not.
    package func drainStart(of realServer: Endpoint, in key: VirtualServerKey) -> UInt64? {
        drains[DrainKey(key, realServer)]
    }
}
