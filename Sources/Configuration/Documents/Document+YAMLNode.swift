extension Document {
    /// The values of a YAML tree by the core schema of YAML 1.2, so that `yes` is a string and `010` is ten.
    ///
    /// An integer of more than 64 bits becomes a number.
    package init(_ node: YAMLNode) {
        if let scalar = node.scalar {
            self = Self.value(of: scalar)
        } else if let nodes = node.sequence {
            self = .sequence(nodes.map(Document.init))
        } else {
            self = .mapping((node.mapping ?? []).map { Member($0.name, Document($0.value)) })
        }
    }

    private static func value(of scalar: YAMLScalar) -> Document {
        if scalar.isNull { return .null }
        guard scalar.isUntaggedPlain else { return .string(scalar.text) }
        switch scalar.text {
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
        case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
        case ".nan", ".NaN", ".NAN": return .number(.nan)
        default: return number(scalar.text) ?? .string(scalar.text)
        }
    }

    private static func number(_ text: String) -> Document? {
        if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16).map(whole) }
        if text.hasPrefix("0o") { return UInt64(text.dropFirst(2), radix: 8).map(whole) }
        // Swift reads "infinity", "nan" and hexadecimal numbers too, which the core schema does not know.
        let isDecimal = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        guard isDecimal, text.utf8.contains(where: { "0123456789".utf8.contains($0) }) else { return nil }
        if let value = Int64(text) { return .integer(value) }
        if let value = UInt64(text) { return .unsigned(value) }
        return Double(text).map(Document.number)
    }

    private static func whole(_ value: UInt64) -> Document {
        Int64(exactly: value).map(Document.integer) ?? .unsigned(value)
    }
}
