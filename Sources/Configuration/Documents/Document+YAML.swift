extension Document {
    /// The tree as block-style YAML with a newline at the end, which YAML 1.1 and 1.2 read alike.
    package func yaml() -> String {
        var text = ""
        switch self {
        case .mapping(let members) where !members.isEmpty: Self.writeMembers(members, to: &text, indentation: 0)
        case .sequence(let elements) where !elements.isEmpty: Self.writeElements(elements, to: &text, indentation: 0)
        default: text += inlineYAML + "\n"
        }
        return text
    }

    private var inlineYAML: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .unsigned(let value): String(value)
        case .number(let value): Self.yamlNumber(value)
        case .string(let value): YAMLText.scalar(value)
        case .sequence: "[]"
        case .mapping: "{}"
        }
    }

    private static func yamlNumber(_ value: Double) -> String {
        if value.isNaN { return ".nan" }
        if value.isInfinite { return value < 0 ? "-.inf" : ".inf" }
        let text = "\(value)"
        // Without a point, YAML 1.1 takes 1e+20 for a string.
        guard !text.contains("."), let exponent = text.firstIndex(of: "e") else { return text }
        return text[..<exponent] + ".0" + text[exponent...]
    }

    /// Writes the members, the first where the text ends and the others on lines with that indentation.
    private static func writeMembers(_ members: [Member], to text: inout String, indentation: Int) {
        for (index, member) in members.enumerated() {
            if index > 0 { text += spaces(indentation) }
            let key = YAMLText.scalar(member.key)
            // A parser looks no further than 1024 characters for the colon.
            text += key.utf8.count > 1000 ? "? \(key)\n\(spaces(indentation)):" : "\(key):"
            switch member.value {
            case .mapping(let inner) where !inner.isEmpty:
                text += "\n" + spaces(indentation + 2)
                writeMembers(inner, to: &text, indentation: indentation + 2)
            case .sequence(let elements) where !elements.isEmpty:
                text += "\n" + spaces(indentation)
                writeElements(elements, to: &text, indentation: indentation)
            default:
                text += " \(member.value.inlineYAML)\n"
            }
        }
    }

    private static func writeElements(_ elements: [Document], to text: inout String, indentation: Int) {
        for (index, element) in elements.enumerated() {
            if index > 0 { text += spaces(indentation) }
            text += "- "
            switch element {
            case .mapping(let members) where !members.isEmpty:
                writeMembers(members, to: &text, indentation: indentation + 2)
            case .sequence(let inner) where !inner.isEmpty:
                writeElements(inner, to: &text, indentation: indentation + 2)
            default:
                text += element.inlineYAML + "\n"
            }
        }
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}
