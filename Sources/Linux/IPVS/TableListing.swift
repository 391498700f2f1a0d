internal import Glibc
package import LoadBalancing

/// Reads `/proc/net/ip_vs` (`ip_vs_info_seq_show`): the whole table in one pass, several times cheaper than netlink.
///
/// It is read in pieces, and its text is never held as a whole.
package struct TableListing {
    private static let path = "/proc/thread-self/net/ip_vs"
    /// The kernel hands out a page at a time.
    private static let chunk = 32 << 10
    /// The two headings and the table's version.
    private static let headLines = 3

    private var parser: ListingParser
    private var lines = 0

    /// The table of the calling thread's network namespace, in the kernel's order; `nil` when it cannot be had or read.
    package static func read() -> [ListedVirtualServer]? {
        guard let reader = Reader(), case .complete(let found) = reader.read(until: nil) else { return nil }
        return found
    }

    /// How far a listing has been read.
    package enum Progress {
        case more
        case complete([ListedVirtualServer])
        /// It cannot be read, or makes no sense.
        case failed
    }

    /// Reads a listing in slices of time. What changes meanwhile may be missing or be there twice.
    package final class Reader {
        private let descriptor: Int32
        private var listing = TableListing(ticksPerSecond: TableListing.kernelTicksPerSecond)
        private var buffer = [UInt8](repeating: 0, count: TableListing.chunk)
        private var filled = 0

        /// Opens the table of the calling thread's network namespace; `nil` when it cannot be had.
        package init?() {
            descriptor = open(TableListing.path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
        }

        deinit { if descriptor >= 0 { close(descriptor) } }

        /// Reads on; to the end without a time.
        package func read(until end: ContinuousClock.Instant?) -> Progress {
            while true {
                let count = buffer.withUnsafeMutableBytes { bytes in
                    Glibc.read(descriptor, bytes.baseAddress.map { $0 + filled }, bytes.count - filled)
                }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { return .failed }
                if count == 0 { return filled == 0 ? .complete(listing.parser.found) : .failed }
                filled += count
                // A line that fills the whole buffer is none of the kernel's.
                guard let used = listing.parse(buffer.span.extracting(first: filled)), used > 0 || filled < buffer.count
                else { return .failed }
                buffer.withUnsafeMutableBytes { bytes in
                    guard let start = bytes.baseAddress else { return }
                    memmove(start, start + used, filled - used)
                }
                filled -= used
                if let end, ContinuousClock.now >= end { return .more }
            }
        }
    }

    /// Reads a whole listing; `nil` when it makes no sense.
    package static func parse(_ bytes: [UInt8], ticksPerSecond: UInt32) -> [ListedVirtualServer]? {
        var listing = TableListing(ticksPerSecond: ticksPerSecond)
        guard let used = listing.parse(bytes.span), used == bytes.count else { return nil }
        return listing.parser.found
    }

    private init(ticksPerSecond: UInt32) { parser = ListingParser(ticksPerSecond: ticksPerSecond) }

    /// Reads the whole lines of a piece; returns how many bytes they have, or `nil` for a line that makes no sense.
    private mutating func parse(_ bytes: Span<UInt8>) -> Int? {
        var start = 0
        while let end = Self.lineEnd(bytes, from: start) {
            lines += 1
            if lines > Self.headLines {
                guard parser.parse(bytes.extracting(start..<end)) else { return nil }
            }
            start = end + 1
        }
        return start
    }

    private static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        bytes.withUnsafeBufferPointer { buffer in
            guard start < buffer.count, let base = buffer.baseAddress,
                let found = memchr(base + start, 0x0A, buffer.count - start)
            else { return nil }
            return UnsafeRawPointer(base).distance(to: found)
        }
    }

    /// The kernel's HZ: a listing shows timeouts in its ticks, and the coarse clock's resolution is one of them.
    private static var kernelTicksPerSecond: UInt32 {
        var resolution = timespec()
        guard clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) == 0, resolution.tv_sec == 0, resolution.tv_nsec > 0
        else { return 0 }
        return UInt32((1_000_000_000 + resolution.tv_nsec / 2) / resolution.tv_nsec)
    }
}

extension Array {
    /// Sorts by a key and keeps the last of equal ones: a dump under concurrent change may repeat an entry.
    mutating func sortUnique<Key: Comparable>(by key: (Element) -> Key) {
        guard count > 1 else { return }
        if zip(self, dropFirst()).contains(where: { key($0) >= key($1) }) {
            sort { key($0) < key($1) }
            var kept = 0
            for index in indices.dropFirst() {
                if key(self[index]) != key(self[kept]) { kept += 1 }
                self[kept] = self[index]
            }
            removeSubrange((kept + 1)...)
        }
    }
}
