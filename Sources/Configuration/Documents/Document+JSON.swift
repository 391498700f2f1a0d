extension Document {
    /// The tree as JSON: indented by two spaces with a newline at the end, or on one line without any space.
    ///
    /// JSON has no infinity and no NaN: both are written as `null`. What is not safe to show on a terminal is escaped.
    package func json(pretty: Bool = true) -> String {
        var text = ""
        writeJSON(to: &text, indentation: pretty ? 0 : nil)
        if pretty { text += "\n" }
        return text
    }

    private func writeJSON(to text: inout String, indentation: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .unsigned(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.writeJSON(value, to: &text)
        case .sequence(let elements):
            Self.writeList(elements, "[", "]", to: &text, indentation: indentation) { element, text, indentation in
                element.writeJSON(to: &text, indentation: indentation)
            }
        case .mapping(let members):
            Self.writeList(members, "{", "}", to: &text, indentation: indentation) { member, text, indentation in
                Self.writeJSON(member.key, to: &text)
                text += indentation == nil ? ":" : ": "
                member.value.writeJSON(to: &text, indentation: indentation)
            }
        }
    }

    private static func writeList<Element>(
        _ elements: [Element], _ opening: String, _ closing: String, to text: inout String, indentation: Int?,
        write: (Element, inout String, Int?) -> Void
    ) {
        text += opening
        let inner = indentation.map { $0 + 2 }
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            breakLine(&text, indentation: inner)
            write(element, &text, inner)
        }
        if !elements.isEmpty { breakLine(&text, indentation: indentation) }
        text += closing
    }

    private static func breakLine(_ text: inout String, indentation: Int?) {
        guard let indentation else { return }
        text += "\n"
        text += String(repeating: " ", count: indentation)
    }

    private static func writeJSON(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.isSafeToShow: text.unicodeScalars.append(scalar)
            default:
                for unit in scalar.utf16 { text += "\\u" + hexadecimal(unit, digits: 4) }
            }
        }
        text += "\""
    }

    /// A number in hexadecimal with leading zeros.
    static func hexadecimal(_ number: some BinaryInteger, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
