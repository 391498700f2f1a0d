/// One node of a YAML document, with the place where it stands.
package struct YAMLNode: Hashable, Sendable {
    /// What a node holds.
    package enum Content: Hashable, Sendable {
        case scalar(YAMLScalar)
        case sequence([YAMLNode])
        /// In the order of the text; each key once, merge keys resolved.
        case mapping([YAMLPair])
    }

    package let content: Content
    private let position: Position

    /// Where the node begins, from 1.
    package var line: Int { Int(position.line) }
    /// The column in characters where the node begins, from 1.
    package var column: Int { Int(position.column) }

    init(_ content: Content, at position: Position) {
        self.content = content
        self.position = position
    }

    /// A place in the text, from 1, in few bytes: there is one for every node.
    struct Position: Hashable, Sendable {
        let line: UInt32
        let column: UInt32
    }
}

/// A key of a mapping, which is always a scalar, and its value.
package struct YAMLPair: Hashable, Sendable {
    package let key: YAMLNode
    package let value: YAMLNode

    /// The text of the key.
    package var name: String { key.scalar?.text ?? "" }
}

extension YAMLNode {
    /// The scalar, if it is one.
    package var scalar: YAMLScalar? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar
    }

    /// The nodes of a sequence, if it is one.
    package var sequence: [YAMLNode]? {
        guard case .sequence(let nodes) = content else { return nil }
        return nodes
    }

    /// The pairs of a mapping, if it is one.
    package var mapping: [YAMLPair]? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs
    }

    /// The value for a key of a mapping; `nil` without that key and for other nodes.
    package subscript(key: String) -> YAMLNode? {
        mapping?.first { $0.name == key }?.value
    }

    /// Whether this is a null of the core schema.
    package var isNull: Bool { scalar?.isNull ?? false }
}
