/// All measurements of each figure.
struct MeasurementSeries {
    private(set) var values: [String: [Double]] = [:]

    mutating func add(_ measurements: Measurements) {
        for (name, value) in measurements.values { values[name, default: []].append(value) }
    }

    /// The median of a figure; 0 when it was not measured.
    func median(_ name: String) -> Double {
        let sorted = (values[name] ?? []).sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
