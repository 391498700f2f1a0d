import Documents

extension YAMLNode {
    /// What it is, for messages: ``the text `x` ``, `70000`, `a list`.
    var summary: String {
        switch Document(self) {
        case .null: "empty"
        case .bool(let value): "\(value)"
        case .integer, .unsigned, .number: scalar?.text ?? ""
        case .string(let text): text.isEmpty ? "an empty text" : "`\(Self.shortened(text))`"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    private static func shortened(_ text: String) -> String {
        let limit = 60
        return text.count > limit ? text.prefix(limit) + "…" : text
    }
}

extension [String] {
    /// `a, b or c`.
    var alternatives: String { joined(separator: ", ", last: " or ") }

    /// `a, b and c`.
    var listed: String { joined(separator: ", ", last: " and ") }

    private func joined(separator: String, last: String) -> String {
        guard let final = self.last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: separator) + last + final
    }
}
