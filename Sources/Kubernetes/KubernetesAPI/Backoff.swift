/// Growing waits between attempts that fail, with jitter so that a thousand nodes do not come back together.
struct Backoff: Sendable {
    static let first = Duration.milliseconds(500)
    static let cap = Duration.seconds(30)
    private var failures = 0

    /// The next wait: between half and all of 0.5 s, 1 s, 2 s … 30 s.
    mutating func next(_ generator: inout some RandomNumberGenerator) -> Duration {
        let full = min(Self.cap, Self.first * (1 << min(failures, 6)))
        failures += 1
        return full * Double.random(in: 0.5...1, using: &generator)
    }

    mutating func reset() { failures = 0 }
}
