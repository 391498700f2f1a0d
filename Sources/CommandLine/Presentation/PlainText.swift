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
