/// Everything that is declared: what the kernel's tables shall equal.
package struct DesiredState: Hashable, Sendable {
    /// Sorted by key, each key once.
    package var virtualServers: [DesiredVirtualServer]
    /// Connection timeouts to set; `nil` leaves the kernel's alone.
    package var timeouts: ConnectionTimeouts?
    /// Synchronisation daemons to run; `nil` leaves those of the kernel alone, `[]` wants none.
    package var syncDaemons: [SyncDaemon]?

    package init(
        virtualServers: [DesiredVirtualServer] = [], timeouts: ConnectionTimeouts? = nil,
        syncDaemons: [SyncDaemon]? = nil
    ) {
        self.virtualServers = virtualServers
        self.timeouts = timeouts
        self.syncDaemons = syncDaemons
    }
}

/// A virtual server as it is declared, with its real servers.
package struct DesiredVirtualServer: Hashable, Sendable {
    package var virtualServer: VirtualServer
    package var realServers: [RealServer]
    /// The declared name, for people; the kernel knows only the key.
    package var name: String?
    /// Seconds that a leaving real server may keep its connections; `nil` for the general setting.
    package var drainTimeout: UInt32?
    /// Real servers that are declared and taken out all the same, as their checks ask. The removal guard lets them go.
    package var withdrawn: [Endpoint: Withdrawal] = [:]
    /// The address that has to be on a device of this node for the kernel to have it; `nil` for always.
    package var activeWhen: IPAddress?
    /// Whether the kernel's list of real servers is to be in the same order on every node, whatever happened there
    /// before: the table of the scheduler `mh` depends on it (`ip_vs_mh_populate`).
    package var isOrdered = false
    /// Whether the kernel is to have it now. One that is not goes at once, and the removal guard lets it go.
    package var isActive = true

    package var key: VirtualServerKey { virtualServer.key }

    package init(
        _ virtualServer: VirtualServer, realServers: [RealServer] = [], name: String? = nil, drainTimeout: UInt32? = nil
    ) {
        self.virtualServer = virtualServer
        self.realServers = realServers
        self.name = name
        self.drainTimeout = drainTimeout
    }
}

/// How a real server goes that is taken out.
package enum Withdrawal: Hashable, Sendable {
    /// It keeps its connections, as one that is declared no more.
    case drain
    case immediately
}
