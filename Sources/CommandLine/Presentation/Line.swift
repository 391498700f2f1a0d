internal import Documents

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
