internal import Glibc
package import LoadBalancing

/// What IPVS has carried in all, whoever's virtual servers it was for (`/proc/net/ip_vs_stats`, `ip_vs_stats_show` in
/// `net/netfilter/ipvs/ip_vs_ctl.c`): one short read, whatever the size of the table.
package struct KernelTraffic: Hashable, Sendable {
    package private(set) var total = TrafficStatistics()

    /// Of the calling thread's network namespace.
    package static let path = "/proc/thread-self/net/ip_vs_stats"

    /// Reads the kernel's table; `nil` without IPVS.
    package init?(path: String = Self.path) {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 10)
        let count = fread(&bytes, 1, bytes.count, file)
        self.init(text: String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// Two lines of headings, then the totals in hexadecimal digits.
    init?(text: String) {
        let lines = text.split(separator: "\n", maxSplits: 3, omittingEmptySubsequences: false)
        guard lines.count > 2 else { return nil }
        let numbers = lines[2].split(separator: " ").map { UInt64($0, radix: 16) }.compactMap(\.self)
        guard numbers.count == 5 else { return nil }
        total.connections = numbers[0]
        total.inboundPackets = numbers[1]
        total.outboundPackets = numbers[2]
        total.inboundBytes = numbers[3]
        total.outboundBytes = numbers[4]
    }

    /// Writes them.
    package func write(to text: inout Exposition) {
        text.single(
            "ipvsync_kernel_connections_total", .counter, "Connections of the whole table, other programs' included.",
            total.connections)
        text.begin(
            "ipvsync_kernel_packets_total", .counter, "Packets of the whole table, other programs' included.")
        for (way, count) in [("in", total.inboundPackets), ("out", total.outboundPackets)] {
            text.sample("ipvsync_kernel_packets_total", [("direction", way)], count)
        }
        text.begin("ipvsync_kernel_bytes_total", .counter, "Bytes of the whole table, other programs' included.")
        for (way, count) in [("in", total.inboundBytes), ("out", total.outboundBytes)] {
            text.sample("ipvsync_kernel_bytes_total", [("direction", way)], count)
        }
    }
}
