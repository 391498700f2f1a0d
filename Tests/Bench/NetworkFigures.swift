import Documents

/// The medians of ``NetworkBench`` for one number of Services.
struct NetworkFigures {
    private let count: Int
    private var series = MeasurementSeries()

    private static let columns = ["sync"] + Measurements.phases.dropFirst() + ["network", "parse", "whole"]

    init(count: Int) { self.count = count }

    mutating func add(_ measurements: Measurements) { series.add(measurements) }

    /// A sync is everything but reading the manifest; the whole is the program from its start to its end.
    private var ratios: [(name: String, value: Double)] {
        [(NetworkBench.Part.whole, "network"), (.routed, "network, with a route,")].flatMap { part, words in
            ["sync", "whole"].map { column in
                let (alone, with) = (median(.alone, column), median(part, column))
                return ("first \(column) with the \(words) / without", alone > 0 ? with / alone : 0)
            }
        }
    }

    private func median(_ part: NetworkBench.Part, _ column: String) -> Double {
        series.median("\(part.rawValue) \(column)")
    }

    /// The table for people.
    var lines: [String] {
        let rows =
            [[""] + Self.columns]
            + NetworkBench.Part.allCases.map { part in
                [part.rawValue]
                    + Self.columns.map { column in
                        let value = median(part, column)
                        return value > 0 ? seconds(value) : "-"
                    }
            }
        return ["\(count) Services × 10 endpoints, one of them local; medians"]
            + BenchColumns.lines(rows) + ratios.map { "\($0.name): \(rounded($0.value, 100))" }
    }

    /// The same for programs, in seconds.
    var document: Document {
        .mapping(
            [.init("services", .integer(Int64(count)))]
                + series.values.keys.sorted().map { Document.Member($0, .number(series.median($0))) }
                + [.init("ratios", .mapping(ratios.map { .init($0.name, .number($0.value)) }))])
    }

    private func seconds(_ value: Double) -> String {
        value >= 1 ? "\(rounded(value, 100)) s" : "\(rounded(value * 1000, 10)) ms"
    }

    private func rounded(_ value: Double, _ factor: Double) -> String { "\((value * factor).rounded() / factor)" }
}
