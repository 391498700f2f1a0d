import HealthChecks
import LoadBalancing

/// What one file declares, before it is joined with the others.
struct ConfigurationFile {
    /// A value and where it stands.
    struct Placed<Value> {
        let value: Value
        let line: Int
        let column: Int
    }

    let file: String
    var virtualServers: [Placed<DesiredVirtualServer>]?
    /// How virtual servers are watched whose real servers are checked.
    var health: [VirtualServerKey: HealthRules] = [:]
    var drainTimeout: Placed<UInt32>?
    var removalGuard: Placed<RemovalGuardSetting>?
    var syncInterval: Placed<UInt32>?
    var minSyncInterval: Placed<UInt32>?
    var auditInterval: Placed<UInt32>?
    var drift: Placed<DriftSetting>?
    var cleanupOnExit: Placed<Bool>?
    var telemetry: Placed<TelemetrySetting>?
    var logging: Placed<LoggingSettings>?
    var services: Placed<ServiceDefaults>?
    var network: Placed<NetworkSetting>?
    var hooks: Placed<HookSettings>?
    var timeouts: Placed<ConnectionTimeouts>?
    var syncDaemons: Placed<[SyncDaemon]>?
}
