/// The time of a soak, which goes as fast as it is told: of the loop, of the feeds and of the drains.
final class SoakClock {
    private let start = ContinuousClock.now
    private(set) var elapsed = Duration.zero

    var now: ContinuousClock.Instant { start + elapsed }

    /// As if the machine had been up for a while at the beginning.
    var secondsSinceBoot: UInt64 { 1_000 + UInt64(elapsed.components.seconds) }

    func advance(_ duration: Duration) { elapsed += max(.zero, duration) }

    func advance(to time: ContinuousClock.Instant) { advance(time - now) }
}
