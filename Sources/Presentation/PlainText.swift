/// Texts of others on lines of ours.
enum PlainText {
    /// The text without what would move a terminal's cursor or change its colours.
    static func singleLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
    }

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
