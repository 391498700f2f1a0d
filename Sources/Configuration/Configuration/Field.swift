import Documents

/// A key of a mapping: its kind of value and what it is for.
struct Field<Value>: FieldDescription {
    let name: String
    let kind: ValueKind<Value>
    let summary: String

    init(_ name: String, _ kind: ValueKind<Value>, _ summary: String) {
        self.name = name
        self.kind = kind
        self.summary = summary
    }

    var schema: Document {
        guard case .mapping(let members) = kind.schema else { return kind.schema }
        return .mapping([Document.Member("description", .string(summary))] + members)
    }
}

/// A field without its type of value: all that the schema and the search for unknown keys need.
protocol FieldDescription: Sendable {
    var name: String { get }
    var schema: Document { get }
}

/// The fields that a mapping may have.
struct ObjectShape: Sendable {
    let fields: [any FieldDescription]
    let names: [String]
    /// Those that it must have.
    let required: [String]
    /// Further keywords for the schema.
    let keywords: [Document.Member]

    init(_ fields: [any FieldDescription], required: [String] = [], keywords: [Document.Member] = []) {
        self.fields = fields
        self.required = required
        self.keywords = keywords
        names = fields.map(\.name)
    }

    /// The shape as JSON Schema.
    var schema: Document {
        var members: [Document.Member] = [
            .init("type", "object"),
            .init("properties", .mapping(fields.map { Document.Member($0.name, $0.schema) })),
            .init("additionalProperties", false),
        ]
        if !required.isEmpty { members.append(.init("required", .sequence(required.map(Document.string)))) }
        return .mapping(members + keywords)
    }
}
