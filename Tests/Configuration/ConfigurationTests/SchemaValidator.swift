import Documents

/// The keywords of JSON Schema that the configuration's schema uses; any other is refused.
struct SchemaValidator {
    private let schema: Document

    init(_ schema: Document) { self.schema = schema }

    func accepts(_ value: Document) -> Bool { Self.accepts(value, schema) }

    private static func accepts(_ value: Document, _ schema: Document) -> Bool {
        guard case .mapping(let keywords) = schema else { return schema == true }
        return keywords.allSatisfy { accepts(value, $0.key, $0.value, schema) }
    }

    private static func accepts(_ value: Document, _ keyword: String, _ argument: Document, _ schema: Document) -> Bool
    {
        switch (keyword, argument) {
        case ("$schema", _), ("title", _), ("description", _): return true
        case ("type", .string(let type)): return isType(value, type)
        case ("enum", .sequence(let choices)): return choices.contains(value)
        case ("const", let constant): return value == constant
        case ("pattern", .string(let pattern)):
            guard case .string(let text) = value else { return true }
            guard let expression = try? Regex(pattern) else { return false }
            return text.firstMatch(of: expression) != nil
        case ("minimum", let limit): return number(value).flatMap { value in number(limit).map { value >= $0 } } ?? true
        case ("maximum", let limit): return number(value).flatMap { value in number(limit).map { value <= $0 } } ?? true
        case ("items", let items):
            guard case .sequence(let elements) = value else { return true }
            return elements.allSatisfy { accepts($0, items) }
        case ("properties", let properties):
            guard case .mapping(let members) = value else { return true }
            return members.allSatisfy { member in properties[member.key].map { accepts(member.value, $0) } ?? true }
        case ("additionalProperties", .bool(let allowed)):
            guard case .mapping(let members) = value else { return true }
            return allowed || members.allSatisfy { schema["properties"]?[$0.key] != nil }
        case ("additionalProperties", let other):
            guard case .mapping(let members) = value else { return true }
            return members.allSatisfy { schema["properties"]?[$0.key] != nil || accepts($0.value, other) }
        case ("propertyNames", let names):
            guard case .mapping(let members) = value else { return true }
            return members.allSatisfy { accepts(.string($0.key), names) }
        case ("maxProperties", let limit):
            guard case .mapping(let members) = value else { return true }
            return number(limit).map { Double(members.count) <= $0 } ?? false
        case ("required", .sequence(let names)):
            guard case .mapping = value else { return true }
            return names.allSatisfy { name in
                guard case .string(let name) = name else { return false }
                return value[name] != nil
            }
        case ("anyOf", .sequence(let choices)): return choices.contains { accepts(value, $0) }
        case ("oneOf", .sequence(let choices)): return choices.count { accepts(value, $0) } == 1
        case ("not", let other): return !accepts(value, other)
        default: return false
        }
    }

    private static func isType(_ value: Document, _ type: String) -> Bool {
        switch (type, value) {
        case ("object", .mapping), ("array", .sequence), ("string", .string), ("boolean", .bool), ("null", .null),
            ("integer", .integer), ("integer", .unsigned), ("number", .integer), ("number", .unsigned),
            ("number", .number):
            true
        default: false
        }
    }

    private static func number(_ value: Document) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .unsigned(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
}
