import Documents

/// The medians of all measurements of one table size, and what they are to each other.
struct TableFigures {
    private let count: Int
    private var series = MeasurementSeries()

    private static let runs = ["program", "no-op", "one change", "remove"]
    private static let peers = ["floor program", "floor remove", "ipvsadm -R", "ipvsadm -Sn", "ipvsadm -C"]

    init(count: Int) { self.count = count }

    mutating func add(_ measurements: Measurements) { series.add(measurements) }

    private func median(_ name: String) -> Double { series.median(name) }

    /// What the figures say in proportion.
    private var ratios: [(name: String, value: Double)] {
        var ratios = [
            (name: "programming: kernel phase / floor", value: median("program apply") / median("floor program")),
            (name: "no-op: ipvsadm -Sn / whole run", value: median("ipvsadm -Sn") / median("no-op whole")),
        ]
        if median("ipvsadm -R") > 0 {
            ratios.insert(
                (name: "programming: ipvsadm -R / whole run", value: median("ipvsadm -R") / median("program whole")),
                at: 1)
        }
        return ratios
    }

    /// The table for people.
    var lines: [String] {
        let heading = ["", "whole"] + Measurements.phases + ["peak"]
        var rows = [heading]
        for run in Self.runs {
            rows.append(
                ["ipvsync, \(run)", seconds(median("\(run) whole"))]
                    + Measurements.phases.map { seconds(median("\(run) \($0)")) }
                    + ["\(Int(median("\(run) peak")) >> 20) MiB"])
        }
        for peer in Self.peers where median(peer) > 0 { rows.append([peer, seconds(median(peer))]) }
        return ["\(count) virtual servers × 10 real servers, medians"]
            + BenchColumns.lines(rows) + ratios.map { "\($0.name): \(rounded($0.value, 100))" }
    }

    /// The same for programs, in seconds and bytes.
    var document: Document {
        .mapping(
            [.init("virtualServers", .integer(Int64(count)))]
                + series.values.keys.sorted().map { Document.Member($0, .number(median($0))) }
                + [.init("ratios", .mapping(ratios.map { .init($0.name, .number($0.value)) }))])
    }

    private func seconds(_ value: Double) -> String {
        value >= 1 ? "\(rounded(value, 100)) s" : "\(rounded(value * 1000, 10)) ms"
    }

    private func rounded(_ value: Double, _ factor: Double) -> String { "\((value * factor).rounded() / factor)" }
}
