internal import Documents

/// Rows of several kinds under one another, the columns of each kind aligned; the first column is common to all.
package struct TextTable {
    /// What a row is made of; rows of one kind share their column widths.
    private struct Row {
        let kind: Int
        let cells: [String]
        let style: Terminal.Style?
    }

    /// Columns of a kind whose cells are numbers and stand at the right.
    private let rightAligned: [Int: Set<Int>]
    private var rows: [Row] = []

    package init(rightAligned: [Int: Set<Int>] = [:]) {
        self.rightAligned = rightAligned
    }

    /// Adds a row; cells may be empty, and rows of one kind may differ in length.
    package mutating func add(kind: Int, _ cells: [String], style: Terminal.Style? = nil) {
        rows.append(Row(kind: kind, cells: cells.map(\.shown), style: style))
    }

    /// The lines, without spaces at their ends, cut off at a width if there is one.
    package func lines(width: Int? = nil) -> [Line] {
        zip(rows, plainLines).map { row, line in Line(width.map { Self.fitted(line, $0) } ?? line, row.style) }
    }

    /// The longest line's.
    var width: Int { plainLines.lazy.map(\.count).max() ?? 0 }

    /// The beginning of a line that has room in a width.
    static func fitted(_ line: String, _ width: Int) -> String {
        line.count <= width ? line : String(line.prefix(max(0, width - 1))) + "…"
    }

    private var plainLines: [String] {
        let widths = columnWidths()
        return rows.map { row in
            let cells = row.cells.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: max(0, (widths[row.kind]?[column] ?? 0) - cell.count))
                return rightAligned[row.kind]?.contains(column) == true ? padding + cell : cell + padding
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private func columnWidths() -> [Int: [Int]] {
        let first = rows.lazy.compactMap { $0.cells.first?.count }.max() ?? 0
        var all: [Int: [Int]] = [:]
        for row in rows {
            var widths = all.removeValue(forKey: row.kind) ?? [first]
            for (column, cell) in row.cells.enumerated() {
                if column < widths.count {
                    widths[column] = max(widths[column], cell.count)
                } else {
                    widths.append(cell.count)
                }
            }
            all[row.kind] = widths
        }
        return all
    }
}
