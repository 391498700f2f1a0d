/// The settings of the agent that a configuration may declare; `nil` where it does not.
package struct Settings: Hashable, Sendable {
    /// Seconds that a leaving real server may keep its connections; 0 removes it at once.
    package var drainTimeout: UInt32?
    package var removalGuard: RemovalGuardSetting?

    package init(drainTimeout: UInt32? = nil, removalGuard: RemovalGuardSetting? = nil) {
        self.drainTimeout = drainTimeout
        self.removalGuard = removalGuard
    }

    /// 15 minutes, as long as the kernel keeps an idle TCP connection.
    package static let standardDrainTimeout: UInt32 = 900
    /// 31 days.
    package static let maximumDrainTimeout: UInt32 = 31 * 86_400
}
