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
