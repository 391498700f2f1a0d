/// The settings of the agent that a configuration may declare; `nil` where it does not.
package struct Settings: Hashable, Sendable {
    /// Seconds that a leaving real server may keep its connections; 0 removes it at once.
    package var drainTimeout: UInt32?
    package var removalGuard: RemovalGuardSetting?
    /// Seconds between two looks of an agent at the whole table.
    package var syncInterval: UInt32?
    package var services: ServiceDefaults?

    package init(
        drainTimeout: UInt32? = nil, removalGuard: RemovalGuardSetting? = nil, syncInterval: UInt32? = nil,
        services: ServiceDefaults? = nil
    ) {
        self.drainTimeout = drainTimeout
        self.removalGuard = removalGuard
        self.syncInterval = syncInterval
        self.services = services
    }

    /// 15 minutes, as long as the kernel keeps an idle TCP connection.
    package static let standardDrainTimeout: UInt32 = 900
    /// 30 seconds, as kube-proxy.
    package static let standardSyncInterval: UInt32 = 30
    /// 31 days.
    package static let maximumDrainTimeout: UInt32 = 31 * 86_400
}
