/// A virtual server's own settings, without its real servers: one row of the kernel's service table.
package struct VirtualServer: Hashable, Sendable {
    package let key: VirtualServerKey
    package var scheduler: Scheduler
    package var persistence: Persistence?
    /// The persistence engine (`sip`); `nil` for the client's address. Without persistence it still serves connections
    /// that real servers begin.
    package var engine: String?
    /// Schedules each datagram on its own (UDP and firewall marks only).
    package var onePacket: Bool

    package init(
        _ key: VirtualServerKey, scheduler: Scheduler = Scheduler("wlc"), persistence: Persistence? = nil,
        engine: String? = nil, onePacket: Bool = false
    ) {
        self.key = key
        self.scheduler = scheduler
        self.persistence = persistence
        self.engine = engine
        self.onePacket = onePacket
    }

    /// The longest name of a persistence engine in bytes (`IP_VS_PENAME_MAXLEN` less the NUL).
    package static let maximumEngineLength = 15
}
