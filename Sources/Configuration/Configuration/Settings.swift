package import HealthChecks
package import LoadBalancing

/// The settings of the agent that a configuration may declare; `nil` where it does not.
package struct Settings: Hashable, Sendable {
    /// Seconds that a leaving real server may keep its connections; 0 removes it at once.
    package var drainTimeout: UInt32?
    package var removalGuard: RemovalGuardSetting?
    /// Seconds between two looks of an agent at the whole table.
    package var syncInterval: UInt32?
    /// Milliseconds at least between two syncs of changes.
    package var minSyncInterval: UInt32?
    /// Seconds until every virtual server has been looked at closely once.
    package var auditInterval: UInt32?
    package var drift: DriftSetting?
    /// Whether an agent that ends removes what is ours.
    package var cleanupOnExit: Bool?
    package var telemetry: TelemetrySetting?
    package var logging: LoggingSettings?
    package var services: ServiceDefaults?
    package var network: NetworkSetting?
    package var hooks: HookSettings?

    package init(
        drainTimeout: UInt32? = nil, removalGuard: RemovalGuardSetting? = nil, syncInterval: UInt32? = nil,
        minSyncInterval: UInt32? = nil, auditInterval: UInt32? = nil, drift: DriftSetting? = nil,
        cleanupOnExit: Bool? = nil, telemetry: TelemetrySetting? = nil, logging: LoggingSettings? = nil,
        services: ServiceDefaults? = nil, network: NetworkSetting? = nil, hooks: HookSettings? = nil
    ) {
        self.drainTimeout = drainTimeout
        self.removalGuard = removalGuard
        self.syncInterval = syncInterval
        self.minSyncInterval = minSyncInterval
        self.auditInterval = auditInterval
        self.drift = drift
        self.cleanupOnExit = cleanupOnExit
        self.telemetry = telemetry
        self.logging = logging
        self.services = services
        self.network = network
        self.hooks = hooks
    }
}

extension Settings {
    /// 15 minutes, as long as the kernel keeps an idle TCP connection.
    package static let standardDrainTimeout: UInt32 = 900
    /// 31 days.
    package static let maximumDrainTimeout: UInt32 = 31 * 86_400
    /// 30 seconds, as kube-proxy.
    package static let standardSyncInterval: UInt32 = 30
    /// A day.
    package static let maximumSyncInterval: UInt32 = 86_400
    /// 100 milliseconds.
    package static let standardMinSyncInterval: UInt32 = 100
    /// A minute, in milliseconds.
    package static let maximumMinSyncInterval: UInt32 = 60_000
    /// An hour.
    package static let standardAuditInterval: UInt32 = 3600
    /// 7 days.
    package static let maximumAuditInterval: UInt32 = 7 * 86_400
    package static let standardCleanupOnExit = false
    /// 127.0.0.1:10249, as kube-proxy.
    package static let standardTelemetryEndpoint = Endpoint(IPAddress(v4: 0x7F00_0001), port: 10_249)
    package static let standardTrafficLimit: UInt32 = 2000
}
