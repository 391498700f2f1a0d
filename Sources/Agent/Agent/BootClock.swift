internal import Glibc

/// Time since boot, suspension included: steps of the wall clock do not move it, and a ledger lives as long as it.
package struct BootClock: Sendable {
    package init() {}

    /// Whole seconds since boot.
    package var seconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return UInt64(max(0, time.tv_sec))
    }
}
