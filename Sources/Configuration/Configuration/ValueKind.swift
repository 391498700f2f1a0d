import Documents

/// A kind of value: how it is read, and the JSON Schema that says the same.
struct ValueKind<Value>: Sendable {
    /// Keywords of JSON Schema, draft 2020-12.
    let schema: Document
    /// Reads a value; `nil` after a report of what is wrong. The text names the field in the report.
    let read: @Sendable (_ node: YAMLNode, _ field: String, _ scope: Scope) -> Value?
}

extension ValueKind where Value == String {
    /// A non-empty string that the check lets pass; the check's answer is what is wrong.
    static func text(
        pattern: String, expected: String, isValid: @escaping @Sendable (String) -> Bool
    ) -> Self {
        ValueKind(schema: ["type": "string", "pattern": .string(pattern)]) { node, field, scope in
            guard case .string(let text) = Document(node), isValid(text) else {
                scope.report(node, "\(field) is \(node.summary)", "write \(expected)")
                return nil
            }
            return text
        }
    }
}

extension ValueKind {
    /// One of some words.
    static func choice(_ choices: [(name: String, value: Value)]) -> Self where Value: Sendable {
        let names = choices.map(\.name)
        return ValueKind(schema: ["enum": .sequence(names.map(Document.string))]) { node, field, scope in
            guard let choice = choices.first(where: { $0.name == node.scalar?.text }) else {
                scope.report(node, "\(field) is \(node.summary)", "write \(names.alternatives)")
                return nil
            }
            return choice.value
        }
    }

    /// A list of values.
    static func list<Element>(of kind: ValueKind<Element>) -> Self where Value == [Element] {
        ValueKind(schema: ["type": "array", "items": kind.schema]) { node, field, scope in
            guard let nodes = node.sequence else {
                scope.report(node, "\(field) is \(node.summary)", "write a list")
                return nil
            }
            return nodes.compactMap { kind.read($0, field, scope) }
        }
    }

    /// A mapping with fields of its own.
    static func object(
        _ shape: ObjectShape, read: @escaping @Sendable (MappingReader) -> Value?
    ) -> Self {
        ValueKind(schema: shape.schema) { node, field, scope in
            MappingReader(node, shape, field, scope).flatMap(read)
        }
    }
}

extension ValueKind where Value: Sendable {
    /// `off`, or a mapping with fields of its own.
    static func object(
        _ shape: ObjectShape, orOff off: Value, read: @escaping @Sendable (MappingReader) -> Value?
    ) -> Self {
        let object = object(shape, read: read)
        return ValueKind(schema: ["anyOf": [["const": "off"], object.schema]]) { node, field, scope in
            if node.scalar?.text == "off" { return off }
            guard node.mapping != nil else {
                scope.report(
                    node, "\(field) is \(node.summary)", "write `off`, or a mapping with \(shape.names.listed)")
                return nil
            }
            return object.read(node, field, scope.inner(field))
        }
    }
}

extension ValueKind where Value == YAMLNode {
    /// A value that its reader looks into itself, since its meaning depends on others.
    static func node(schema: Document) -> Self {
        ValueKind(schema: schema) { node, _, _ in node }
    }
}

extension ValueKind where Value == Bool {
    static var boolean: Self {
        ValueKind(schema: ["type": "boolean"]) { node, field, scope in
            guard case .bool(let value) = Document(node) else {
                scope.report(node, "\(field) is \(node.summary)", "write true or false")
                return nil
            }
            return value
        }
    }
}

extension ValueKind where Value == Void {
    /// The only form of configuration files so far.
    ///
    /// What this program does not know is refused, for it may mean something else there.
    static var apiVersion: Self {
        let known = "ipvsync/v1"
        return ValueKind(schema: ["const": .string(known)]) { node, field, scope in
            guard node.scalar?.text == known else {
                scope.report(
                    node, "\(field) is \(node.summary)",
                    "write \(known) or leave it out; Kubernetes objects belong to --manifests")
                return nil
            }
        }
    }
}
