import Documents

/// What one run of ipvsync took.
struct SyncFigures {
    let wall: Duration
    let peakMemory: Int
    let phases: [String: Double]
}

/// All measurements of one table size.
struct TableFigures {
    let count: Int
    /// The kernel's floor: pre-encoded messages and nothing else.
    var floorProgram = Series()
    var floorRemove = Series()
    /// The whole of `ipvsync --once`.
    var program = SyncSeries()
    var noOp = SyncSeries()
    var oneChange = SyncSeries()
    var remove = SyncSeries()
    /// `ipvsadm -R`, `-Sn` and `-C`.
    var restore = Series()
    var list = Series()
    var clear = Series()

    init(count: Int) { self.count = count }

    /// Runs of ipvsync of one kind.
    struct SyncSeries {
        var wall = Series()
        var phases: [String: Series] = [:]
        var peakMemory = 0

        func phase(_ name: String) -> Double { phases[name]?.median ?? 0 }
    }

    mutating func add(_ figures: SyncFigures, to series: WritableKeyPath<TableFigures, SyncSeries>) {
        self[keyPath: series].wall.add(figures.wall)
        self[keyPath: series].peakMemory = max(self[keyPath: series].peakMemory, figures.peakMemory)
        for (name, seconds) in figures.phases { self[keyPath: series].phases[name, default: Series()].add(seconds) }
    }

    /// What the figures say in proportion: each with its name and its sense.
    var ratios: [(name: String, value: Double)] {
        var ratios = [
            ("programming, kernel phase / floor", program.phase("apply") / floorProgram.median),
            ("ipvsadm -Sn / no-op run", list.median / noOp.wall.median),
            ("removal, kernel phase / floor", remove.phase("apply") / floorRemove.median),
        ]
        if restore.median > 0 { ratios.insert(("ipvsadm -R / whole run", restore.median / program.wall.median), at: 1) }
        return ratios.map { (name: $0.0, value: $0.1) }
    }
}

extension TableFigures {
    private static let phaseNames = ["parse", "read", "plan", "ledger", "apply"]

    /// The rows that have the figures of an ipvsync run.
    private var runs: [(name: String, series: SyncSeries)] {
        [("program", program), ("no-op", noOp), ("one change", oneChange), ("remove", remove)]
    }

    /// The table for people.
    var lines: [String] {
        let heading = ["", "whole"] + Self.phaseNames + ["peak"]
        var rows = [heading]
        for run in runs {
            rows.append(
                ["ipvsync, \(run.name)", seconds(run.series.wall.median)] + Self.phaseNames.map { seconds(run.series.phase($0)) }
                    + ["\(run.series.peakMemory >> 20) MiB"])
        }
        let peers = [
            ("floor, program", floorProgram), ("floor, remove", floorRemove), ("ipvsadm -R", restore),
            ("ipvsadm -Sn", list), ("ipvsadm -C", clear),
        ]
        for (name, series) in peers where series.median > 0 { rows.append([name, seconds(series.median)]) }
        let widths = heading.indices.map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return ["\(count) virtual servers × 10 real servers, medians"]
            + rows.map { row in
                row.enumerated().map { column, cell in
                    let padding = String(repeating: " ", count: widths[column] - cell.count)
                    return column == 0 ? cell + padding : padding + cell
                }.joined(separator: "  ")
            } + ratios.map { "\($0.name): \(rounded($0.value, 2))" }
    }

    /// The same for programs, in seconds and bytes.
    var document: Document {
        var members: [Document.Member] = [.init("virtualServers", .integer(Int64(count)))]
        for run in runs {
            let phases = Self.phaseNames.map { Document.Member($0, .number(run.series.phase($0))) }
            members.append(
                .init(
                    "ipvsync \(run.name)",
                    .mapping(
                        [.init("whole", .number(run.series.wall.median))] + phases
                            + [.init("peakMemory", .integer(Int64(run.series.peakMemory)))])))
        }
        for (name, series) in [
            ("floor program", floorProgram), ("floor remove", floorRemove), ("ipvsadm -R", restore),
            ("ipvsadm -Sn", list), ("ipvsadm -C", clear),
        ] { members.append(.init(name, .number(series.median))) }
        members.append(.init("ratios", .mapping(ratios.map { .init($0.name, .number($0.value)) })))
        return .mapping(members)
    }

    private func seconds(_ value: Double) -> String { value >= 1 ? "\(rounded(value, 2)) s" : "\(rounded(value * 1000, 1)) ms" }

    private func rounded(_ value: Double, _ digits: Int) -> String {
        let factor = digits == 2 ? 100.0 : 10.0
        return "\((value * factor).rounded() / factor)"
    }
}
