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
