import Documents

/// Hands out the fields of a mapping by type; unknown keys and missing ones are reported at once.
struct MappingReader {
    let node: YAMLNode
    let scope: Scope
    /// Those with known keys.
    private let pairs: [YAMLPair]

    /// Returns `nil` after a report when the node is no mapping. The text names the node in reports.
    init?(_ node: YAMLNode, _ shape: ObjectShape, _ name: String, _ scope: Scope) {
        guard let pairs = node.mapping else {
            scope.report(node, "\(name) is \(node.summary)", "write a mapping with \(shape.names.listed)")
            return nil
        }
        self.node = node
        self.scope = scope
        let names = shape.names
        let known = Set(names)
        self.pairs = pairs.filter { known.contains($0.name) }
        for pair in pairs where !known.contains(pair.name) {
            // To guess what was meant costs more than to read a key; nobody reads the guess for the millionth.
            guard !scope.problems.isFull else {
                scope.problems.omit()
                continue
            }
            let nearest = NearestName.of(pair.name, in: names)
            scope.report(
                pair.key, "unknown key `\(pair.name)`",
                nearest.map { "did you mean `\($0)`?" } ?? "use \(names.listed)")
        }
        for name in shape.required where !self.pairs.contains(where: { $0.name == name }) {
            scope.report(node, "\(name) is missing", "write `\(name): …`")
        }
    }

    /// The value of a field; `nil` when it is not there, or after a report of what is wrong with it.
    func callAsFunction<Value>(_ field: Field<Value>) -> Value? {
        guard let node = self[field.name] else { return nil }
        guard !node.isNull else {
            scope.report(node, "\(field.name) is empty", "give it a value or leave the key out")
            return nil
        }
        return field.kind.read(node, field.name, scope)
    }

    /// The node of a field, for reports about its value; the mapping's own without it.
    func place(of name: String) -> YAMLNode { self[name] ?? node }

    /// Whether the mapping has that key.
    func has(_ name: String) -> Bool { self[name] != nil }

    private subscript(name: String) -> YAMLNode? {
        pairs.first { $0.name == name }?.value
    }
}
