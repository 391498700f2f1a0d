package import Documents
internal import Glibc

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

/// A line for people: one line whatever its text holds, in one style.
///
/// Its text may come from anybody; what a view tells reaches a terminal only as such lines.
package struct Line: Hashable, Sendable {
    /// Safe to show.
    package let text: String
    package let style: Terminal.Style?

    /// Code points; nobody reads on, and programs have JSON.
    private static let longest = 8192

    package init(_ text: String, _ style: Terminal.Style? = nil) {
        self.text = text.shown(limit: Self.longest)
        self.style = style
    }

    /// The beginning of the line that has room in a width.
    func fitted(_ width: Int) -> Line { Line(TextTable.fitted(text, width), style) }
}

extension Line: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self.init(value) }
}

/// Numbers and lists in plain words.
enum PlainText {
    /// `1 virtual server`, `2 virtual servers`.
    static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// At most so many of the lines, and how many there are besides.
    static func first(_ limit: Int, of lines: [String], indent: String = "  ") -> [String] {
        guard lines.count > limit else { return lines.map { indent + $0 } }
        return lines.prefix(limit).map { indent + $0 } + ["\(indent)… and \(lines.count - limit) more"]
    }
}

/// Something that can be shown to people as lines and to programs as a document.
package protocol Presentable {
    var lines: [Line] { get }
    var document: Document { get }
}

extension Presentable {
    /// The lines as that terminal shows them.
    package func lines(for terminal: Terminal) -> [String] { lines.map(terminal.show) }
}

/// What standard output can show.
package struct Terminal: Sendable {
    /// Whether escape sequences are welcome.
    package let showsColours: Bool

    /// Colours where standard output is a terminal that has them and `NO_COLOR` is not set.
    package static let standardOutput = Terminal(
        showsColours: isatty(STDOUT_FILENO) == 1 && !isSet("NO_COLOR") && environment("TERM") != "dumb")

    /// Whether standard output is a terminal on which a cursor can be moved.
    package static var outputIsScreen: Bool { isatty(STDOUT_FILENO) == 1 && environment("TERM") != "dumb" }

    package init(showsColours: Bool) { self.showsColours = showsColours }

    /// A colour or weight (SGR parameter).
    package enum Style: Int, Sendable {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    /// The line in its style, or plain where colours are not shown.
    package func show(_ line: Line) -> String {
        guard showsColours, let style = line.style, !line.text.isEmpty else { return line.text }
        return "\u{1B}[\(style.rawValue)m\(line.text)\u{1B}[0m"
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    private static func isSet(_ name: String) -> Bool { !(environment(name) ?? "").isEmpty }
}
