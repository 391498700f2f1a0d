/// How often something took how long, in seconds.
package struct Histogram: Hashable, Sendable {
    /// Upper bounds of the buckets, from half a millisecond to a minute.
    package static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    /// Of each bucket alone.
    package private(set) var counts = [UInt64](repeating: 0, count: bounds.count)
    /// All of them, those above the last bound too.
    package private(set) var count: UInt64 = 0
    package private(set) var sum = 0.0

    package init() {}

    package mutating func observe(_ duration: Duration) {
        let seconds = duration / .seconds(1)
        count += 1
        sum += seconds
        if let bucket = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[bucket] += 1 }
    }
}
