internal import Glibc

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
