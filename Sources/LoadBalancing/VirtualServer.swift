/// A virtual server's own settings, without its real servers: one row of the kernel's service table.
package struct VirtualServer: Hashable, Sendable {
    package let key: VirtualServerKey
    package var scheduler: Scheduler
    package var persistence: Persistence?
    /// Schedules each datagram on its own (UDP and firewall marks only).
    package var onePacket: Bool

    package init(
        _ key: VirtualServerKey, scheduler: Scheduler = Scheduler("wlc"), persistence: Persistence? = nil,
        onePacket: Bool = false
    ) {
        self.key = key
        self.scheduler = scheduler
        self.persistence = persistence
        self.onePacket = onePacket
    }
}
