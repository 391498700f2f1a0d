internal import Glibc

/// A moment on the clock that people read; it may be set back, so nothing is measured with it.
package struct WallTime: Hashable, Sendable, Comparable {
    /// Since 1970, UTC.
    package let seconds: Double

    package init(seconds: Double) { self.seconds = seconds }

    package static var now: WallTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallTime(seconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
    }

    package static func - (time: Self, duration: Duration) -> Self {
        WallTime(seconds: time.seconds - duration / .seconds(1))
    }

    package static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }
}

extension WallTime: CustomStringConvertible {
    /// RFC 3339 with milliseconds, UTC: `2026-01-31T23:59:59.123Z`.
    package var description: String {
        var moment = time_t(seconds.rounded(.down))
        var parts = tm()
        gmtime_r(&moment, &parts)
        let milliseconds = Int((seconds - seconds.rounded(.down)) * 1000)
        let date =
            [Self.padded(Int(parts.tm_year) + 1900, 4)]
            + [Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map { Self.padded($0, 2) }
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { Self.padded(Int($0), 2) }
        return date.joined(separator: "-") + "T" + time.joined(separator: ":") + "." + Self.padded(milliseconds, 3)
            + "Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
