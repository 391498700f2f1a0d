package import LoadBalancing

/// The latest looks at the kernel's table, of which two make the rates.
package struct RateWindow: Sendable {
    /// The kernel adds its counters up every two seconds: between looks that are closer they often stand still.
    package static let shortest = Duration.milliseconds(1900)

    private var looks: [(time: ContinuousClock.Instant, state: ObservedState)] = []

    package init() {}

    /// The table with the rates since the youngest look that is old enough; without one, since the oldest.
    package mutating func take(_ state: ObservedState, at time: ContinuousClock.Instant) -> RateTable {
        let enough = looks.lastIndex { $0.time.duration(to: time) >= Self.shortest } ?? 0
        looks.removeFirst(min(enough, looks.count))
        let base = looks.first
        looks.append((time, state))
        return RateTable(state, since: base?.state, elapsed: base?.time.duration(to: time) ?? .zero)
    }
}
