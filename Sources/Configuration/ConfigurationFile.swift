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
    var drainTimeout: Placed<UInt32>?
    var removalGuard: Placed<RemovalGuardSetting>?
    var syncInterval: Placed<UInt32>?
    var services: Placed<ServiceDefaults>?
    var timeouts: Placed<ConnectionTimeouts>?
    var syncDaemons: Placed<[SyncDaemon]>?
}
