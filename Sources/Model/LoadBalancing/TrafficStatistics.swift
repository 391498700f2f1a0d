/// 64-bit counters since the last zeroing, and the kernel's estimate of the present rates.
package struct TrafficStatistics: Hashable, Sendable {
    package var connections: UInt64 = 0
    package var inboundPackets: UInt64 = 0
    package var outboundPackets: UInt64 = 0
    package var inboundBytes: UInt64 = 0
    package var outboundBytes: UInt64 = 0

    /// Per second, all five; 0 where `net.ipv4.vs.run_estimation` is off.
    package var connectionRate: UInt64 = 0
    package var inboundPacketRate: UInt64 = 0
    package var outboundPacketRate: UInt64 = 0
    package var inboundByteRate: UInt64 = 0
    package var outboundByteRate: UInt64 = 0

    package init() {}
}
