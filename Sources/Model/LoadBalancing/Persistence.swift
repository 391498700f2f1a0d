/// How a virtual server keeps a client on one real server.
package struct Persistence: Hashable, Sendable {
    /// Seconds that a client's template outlives its last connection.
    package var timeout: UInt32
    package var granularity: PersistenceGranularity

    package init(timeout: UInt32, granularity: PersistenceGranularity) {
        self.timeout = timeout
        self.granularity = granularity
    }

    /// What ipvsadm sets for `-p` without a value: 360 seconds, whatever its manual says of 300.
    package static let defaultTimeout: UInt32 = 360
    /// ipvsadm's limit: 31 days. The kernel multiplies by HZ in 32 bits.
    package static let maximumTimeout: UInt32 = 31 * 86_400
}
