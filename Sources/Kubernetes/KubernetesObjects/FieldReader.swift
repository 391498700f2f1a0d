import Documents

/// Reads the fields of an object as kubectl and the API do: absent, null and the empty text are the same, unknown
/// fields are passed over, and a scalar has the type that YAML 1.1 gives it.
struct FieldReader {
    /// `nil` for an object without fields.
    private let node: YAMLNode?
    private let place: (line: Int, column: Int)

    /// - Parameter name: The field that holds the node, for errors.
    init(_ node: YAMLNode, _ name: String) throws(ObjectError) {
        guard node.isMapping || node.isNull else {
            throw ObjectError(line: node.line, column: node.column, field: name, message: "is not a mapping")
        }
        self.node = node
        place = (node.line, node.column)
    }

    /// An object without fields, in the place of an absent one.
    private init(at place: (line: Int, column: Int)) {
        node = nil
        self.place = place
    }

    /// The object inside a field; one without fields when it is absent.
    func object(_ name: String) throws(ObjectError) -> FieldReader {
        try optionalObject(name) ?? FieldReader(at: place)
    }

    /// The object inside a field; `nil` when it is absent.
    func optionalObject(_ name: String) throws(ObjectError) -> FieldReader? {
        guard let value = present(name) else { return nil }
        return try FieldReader(value, name)
    }

    /// A text; empty when it is absent.
    func string(_ name: String) throws(ObjectError) -> String {
        try present(name).map { (value) throws(ObjectError) in try text(value, name) } ?? ""
    }

    /// A text; `nil` when it is absent or empty.
    func optionalString(_ name: String) throws(ObjectError) -> String? {
        let text = try string(name)
        return text.isEmpty ? nil : text
    }

    func optionalBool(_ name: String) throws(ObjectError) -> Bool? {
        guard let value = present(name) else { return nil }
        guard let flag = value.scalar?.boolValue else { throw failure(value, name, "is neither true nor false") }
        return flag
    }

    func optionalInteger<Value: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Value>
    ) throws(ObjectError) -> Value? {
        guard let value = present(name) else { return nil }
        guard let number = value.scalar?.integerValue.flatMap(Value.init(exactly:)), range.contains(number) else {
            throw failure(value, name, "is no number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func strings(_ name: String) throws(ObjectError) -> [String] {
        try list(name) { (value) throws(ObjectError) in try text(value, name) }
    }

    /// The texts of a mapping by their keys, of some of them; what is not kept has to be a text, too.
    ///
    /// A key that YAML reads as a truth value is another one to kubectl (`yes` is `true`), so it has to be in quotes.
    ///
    /// - Parameter kept: The key under which a text is kept; `nil` for one that is not.
    func dictionary(
        _ name: String, as kept: (String) -> String? = { $0 }
    ) throws(ObjectError) -> [String: String] {
        var result: [String: String] = [:]
        for pair in try object(name).node?.mapping ?? [] {
            try requireTextKey(pair.key, name)
            let value = try text(pair.value, "\(name).\(pair.name.shown)")
            if let key = kept(pair.name) { result[key] = value }
        }
        return result
    }

    func objects<Value>(
        _ name: String, _ read: (FieldReader) throws(ObjectError) -> Value
    ) throws(ObjectError) -> [Value] {
        try list(name) { (value) throws(ObjectError) in try read(FieldReader(value, name)) }
    }

    /// The raw value of a field; `nil` when it is absent or null.
    func present(_ name: String) -> YAMLNode? {
        guard let value = node?[name], !value.isNull else { return nil }
        return value
    }

    /// A value that must be there.
    func required<Value>(_ name: String, _ value: Value?) throws(ObjectError) -> Value {
        if let value { return value }
        throw failure(name, "is missing")
    }

    /// An error about a field, at its value or, without one, at the object.
    func failure(_ name: String, _ message: String) -> ObjectError {
        let place = present(name).map { ($0.line, $0.column) } ?? place
        return ObjectError(line: place.0, column: place.1, field: name, message: message)
    }

    /// An error about a field; a text in quotes is shown with them, for they make a text of a number.
    func failure(_ value: YAMLNode, _ name: String, _ message: String) -> ObjectError {
        let shown = value.scalar.map { $0.isPlain ? "\($0.text) " : "\"\($0.text)\" " } ?? ""
        return ObjectError(line: value.line, column: value.column, field: name, message: shown + message)
    }

    private func list<Value>(
        _ name: String, _ read: (YAMLNode) throws(ObjectError) -> Value
    ) throws(ObjectError) -> [Value] {
        guard let value = present(name) else { return [] }
        guard let nodes = value.sequence else { throw failure(value, name, "is not a list") }
        var result: [Value] = []
        result.reserveCapacity(nodes.count)
        for node in nodes { result.append(try read(node)) }
        return result
    }

    private func requireTextKey(_ key: YAMLNode, _ name: String) throws(ObjectError) {
        switch key.scalar?.value {
        case .text: break
        case .integer(let number) where String(number) == key.scalar?.text: break
        default: throw failure(key, name, "is a key that is not a text; write it in quotes")
        }
    }

    private func text(_ value: YAMLNode, _ name: @autoclosure () -> String) throws(ObjectError) -> String {
        guard let scalar = value.scalar else { throw failure(value, name(), "is not a text") }
        switch scalar.value {
        case .text(let text): return text
        case .null: return ""
        case .bool: throw failure(value, name(), "is a truth value, not a text; write it in quotes")
        case .integer, .number: throw failure(value, name(), "is a number, not a text; write it in quotes")
        }
    }
}
