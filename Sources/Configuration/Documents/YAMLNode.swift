/// One node of a YAML document, with the place where it stands.
package struct YAMLNode {
    let tree: YAMLTree
    let index: UInt32

    init(_ tree: YAMLTree, _ index: UInt32) {
        self.tree = tree
        self.index = index
    }

    private var entry: YAMLTree.Entry { tree.entries[Int(index)] }

    /// Where the node begins, from 1.
    package var line: Int { Int(entry.position.line) }
    /// The column in characters where the node begins, from 1.
    package var column: Int { Int(entry.position.column) }

    /// A place in the text, from 1, in few bytes: there is one for every node.
    struct Position: Hashable, Sendable {
        let line: UInt32
        let column: UInt32
    }
}

/// A key of a mapping, which is always a scalar, and its value.
package struct YAMLPair: Hashable {
    package let key: YAMLNode
    package let value: YAMLNode

    /// The text of the key.
    package var name: String { key.scalar?.text ?? "" }
}

extension YAMLNode {
    /// The scalar, if it is one.
    package var scalar: YAMLScalar? {
        let entry = entry
        guard entry.isScalar else { return nil }
        return YAMLScalar(text: tree.text(of: entry), tag: tree.tag(of: index), isPlain: entry.kind == .plain)
    }

    /// The nodes of a sequence, if it is one; in the order of the text.
    package var sequence: [YAMLNode]? {
        let entry = entry
        guard entry.kind == .sequence else { return nil }
        return (0..<Int(entry.count)).map { YAMLNode(tree, tree.child($0, of: entry)) }
    }

    /// The pairs of a mapping, if it is one: in the order of the text, each key once, merge keys resolved.
    package var mapping: [YAMLPair]? {
        let entry = entry
        guard entry.kind == .mapping else { return nil }
        return (0..<Int(entry.count)).map { number in
            YAMLPair(
                key: YAMLNode(tree, tree.child(2 * number, of: entry)),
                value: YAMLNode(tree, tree.child(2 * number + 1, of: entry)))
        }
    }

    /// Whether this is a mapping.
    package var isMapping: Bool { entry.kind == .mapping }

    /// The value for a key of a mapping; `nil` without that key and for other nodes.
    package subscript(key: String) -> YAMLNode? {
        let entry = entry
        guard entry.kind == .mapping else { return nil }
        return tree.value(of: key, in: entry).map { YAMLNode(tree, $0) }
    }

    /// Whether this is a null of the core schema.
    package var isNull: Bool {
        let entry = entry
        // No text of a null is longer than `null`.
        guard entry.isScalar, entry.count <= 4 || tree.tag(of: index) != nil else { return false }
        return scalar?.isNull ?? false
    }
}

extension YAMLNode: Hashable {
    /// Whether both have the same content at the same place.
    package static func == (left: Self, right: Self) -> Bool {
        left.entry.position == right.entry.position && left.scalar == right.scalar && left.sequence == right.sequence
            && left.mapping == right.mapping
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(entry.position)
        hasher.combine(scalar)
    }
}
