/// Measurements of the same thing, of which the median counts.
struct Series {
    private(set) var values: [Double] = []

    mutating func add(_ duration: Duration) { values.append(duration / .seconds(1)) }
    mutating func add(_ seconds: Double) { values.append(seconds) }

    /// The median in seconds; 0 of nothing.
    var median: Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        return sorted.count % 2 == 1
            ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
    }
}
