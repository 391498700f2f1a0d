/// The pairs of a mapping while it is read: finds second values for a key and resolves merge keys.
struct YAMLPairs {
    private let reading: YAMLReading
    private var pairs: [YAMLPair] = []
    private var merges: [YAMLNode] = []
    /// Lines by key, kept only where a search through the pairs would be slow.
    private var lines: [String: Int] = [:]

    private static let searchedPairs = 16

    init(as reading: YAMLReading = .standard) { self.reading = reading }

    /// - Parameter isAlias: Whether an alias stands for the value.
    /// - Returns: What is wrong with a key that is here already; its first value stays.
    /// - Throws: For a key that is no scalar.
    mutating func append(
        _ key: YAMLNode, _ value: YAMLNode, isAlias: Bool = false
    ) throws(YAMLError) -> YAMLError? {
        guard let scalar = key.scalar else {
            throw YAMLError(key, "a key is a sequence or a mapping", remedy: "write a text as the key")
        }
        if scalar.isMergeKey {
            defer { merges.append(value) }
            return reading == .kubernetes ? mergeProblem(key, value, isAlias) : nil
        }
        if reading == .kubernetes, key.isNull {
            return YAMLError(key, "a key is null", remedy: "write a text in quotes")
        }
        if let line = line(of: scalar.text) {
            return YAMLError(key, standsSince: UInt32(line))
        }
        add(YAMLPair(key: key, value: value))
        return nil
    }

    /// The pairs, with those of merge keys after them; a key of the mapping itself goes before a merged one.
    mutating func merged() throws(YAMLError) -> [YAMLPair] {
        for merge in merges {
            for source in merge.sequence ?? [merge] {
                guard let mapping = source.mapping else {
                    throw YAMLError(source, "`<<` merges only mappings", remedy: "write an alias to a mapping")
                }
                for pair in mapping where line(of: pair.name) == nil { add(pair) }
            }
        }
        return pairs
    }

    /// Why kubectl's YAML (`goyaml.v2`) reads a merge key otherwise: it takes keys in their order, so that a merged one
    /// goes before what stands above it, and merges no alias of a list.
    private func mergeProblem(_ key: YAMLNode, _ value: YAMLNode, _ isAlias: Bool) -> YAMLError? {
        guard merges.isEmpty else {
            return YAMLError(key, "`<<` stands twice in a mapping", remedy: "write one `<<` with a list")
        }
        guard !isAlias || value.sequence == nil else {
            return YAMLError(key, "`<<` names an alias of a list", remedy: "write the list out: `<<: [*a, *b]`")
        }
        for pair in (value.sequence ?? [value]).lazy.flatMap({ $0.mapping ?? [] }) {
            guard let line = line(of: pair.name) else { continue }
            return YAMLError(
                key, "`<<` brings the key `\(pair.name)`, which stands before it in line \(line)",
                remedy: "write `<<` as the first key, for the others to go before what it brings")
        }
        return nil
    }

    private mutating func add(_ pair: YAMLPair) {
        pairs.append(pair)
        if pairs.count == Self.searchedPairs {
            lines = Dictionary(uniqueKeysWithValues: pairs.map { ($0.name, $0.key.line) })
        } else if pairs.count > Self.searchedPairs {
            lines[pair.name] = pair.key.line
        }
    }

    private func line(of name: String) -> Int? {
        pairs.count < Self.searchedPairs ? pairs.first { $0.name == name }?.key.line : lines[name]
    }
}

extension YAMLScalar {
    /// `<<`, unless quotes make it a text.
    fileprivate var isMergeKey: Bool { text == "<<" && (isUntaggedPlain || tag == "tag:yaml.org,2002:merge") }
}

extension YAMLError {
    /// A key that stands in that line, too.
    init(_ key: YAMLNode, standsSince line: UInt32) {
        self.init(
            key, "the key `\(key.scalar?.text ?? "")` stands here and in line \(line)", remedy: "keep one of the two")
    }

    init(_ node: YAMLNode, _ message: String, remedy: String) {
        self.init(line: node.line, column: node.column, message: message, remedy: remedy)
    }

    init(_ position: YAMLNode.Position, _ message: String, remedy: String) {
        self.init(line: Int(position.line), column: Int(position.column), message: message, remedy: remedy)
    }
}
