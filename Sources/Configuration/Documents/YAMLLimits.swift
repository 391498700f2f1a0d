/// How much a YAML stream may ask for before it is refused.
package struct YAMLLimits: Hashable, Sendable {
    /// The longest stream in bytes.
    package var bytes: Int
    /// The deepest nesting of sequences and mappings, aliases expanded.
    package var depth: Int
    /// The most nodes of a stream, aliases not counted.
    package var nodes: Int
    /// The most nodes that all aliases and merge keys of a stream may stand for.
    package var aliasedNodes: Int

    package init(
        bytes: Int = 64 << 20, depth: Int = 64, nodes: Int = 5_000_000, aliasedNodes: Int = 1_000_000
    ) {
        self.bytes = bytes
        self.depth = depth
        self.nodes = nodes
        self.aliasedNodes = aliasedNodes
    }
}
