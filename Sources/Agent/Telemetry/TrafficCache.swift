internal import Synchronization

/// Traffic as it was read last: many who ask within a moment cost as much as one.
package final class TrafficCache: Sendable {
    private struct State {
        var figures: TrafficMetrics?
        var end: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let lifetime: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let read: @Sendable () -> TrafficMetrics?

    /// - Parameters:
    ///   - lifetime: How old an answer may be.
    ///   - read: Reads it from the kernel; `nil` when it cannot be read, or is too much. Others wait meanwhile: only
    ///     threads for slow answers may ask.
    package init(
        for lifetime: Duration = .seconds(1), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        read: @escaping @Sendable () -> TrafficMetrics?
    ) {
        self.lifetime = lifetime
        self.now = now
        self.read = read
    }

    /// What was read within the lifetime.
    package func current() -> TrafficMetrics? {
        state.withLock { state in
            if let end = state.end, now() < end { return state.figures }
            state.figures = read()
            // From the end of the reading: one that takes long is not begun again at once.
            state.end = now() + lifetime
            return state.figures
        }
    }
}
