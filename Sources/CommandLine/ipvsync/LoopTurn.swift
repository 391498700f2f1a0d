internal import Glibc

/// Measures a turn of the agent's loop: the time from its waking up to its next wait, and what it computes while it
/// waits for the API server, whose answers are read there.
struct LoopTurn {
    /// When the loop woke up last.
    private(set) var awake = ContinuousClock.now
    private var computed = Duration.zero

    /// Waits, and begins a turn with what comes of it.
    mutating func begin<Value>(after wait: () -> Value) -> Value {
        let before = Self.processorTime
        let value = wait()
        awake = .now
        computed = Self.processorTime - before
        return value
    }

    /// How long the turn has taken so far.
    var duration: Duration { awake.duration(to: .now) + computed }

    /// The processor time of this thread.
    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
