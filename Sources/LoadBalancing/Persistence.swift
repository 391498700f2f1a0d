/// How a virtual server keeps a client on one real server.
package struct Persistence: Hashable, Sendable {
    /// Seconds that a client's template outlives its last connection.
    package var timeout: UInt32
    package var granularity: PersistenceGranularity
    /// The persistence engine (`sip`), at most 15 bytes; `nil` for the client's address.
    package var engine: String?

    package init(timeout: UInt32, granularity: PersistenceGranularity, engine: String? = nil) {
        self.timeout = timeout
        self.granularity = granularity
        self.engine = engine
    }

    /// What ipvsadm sets for `-p` without a value: 360 seconds, whatever its manual says of 300.
    package static let defaultTimeout: UInt32 = 360
    /// ipvsadm's limit: 31 days. The kernel multiplies by HZ in 32 bits.
    package static let maximumTimeout: UInt32 = 31 * 86_400
    /// The longest engine name in bytes (`IP_VS_PENAME_MAXLEN` less the NUL).
    package static let maximumEngineLength = 15
}
