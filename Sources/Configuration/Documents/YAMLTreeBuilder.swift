/// Builds the documents of a stream out of its events, within limits.
struct YAMLTreeBuilder: ~Copyable {
    /// A finished node, with what an alias to it costs.
    private struct Part {
        let node: YAMLNode
        /// The nodes in it, itself included.
        var count = 1
        /// The levels in it: 1 for a scalar.
        var height = 1
    }

    private enum Anchor {
        case open
        case finished(Part)
    }

    private let reader: YAMLEventReader
    private let limits: YAMLLimits
    private let reading: YAMLReading
    private var source: KubectlSource
    /// Of the document that is being read.
    private var tree = YAMLTree()
    private var anchors: [String: Anchor] = [:]
    private var nodeCount = 0
    private var aliasedCount = 0
    private var flaws: YAMLFlaws

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: YAMLLimits, as reading: YAMLReading, flaws: YAMLFlaws
    ) throws(YAMLError) {
        reader = try YAMLEventReader(bytes)
        source = KubectlSource(bytes)
        self.limits = limits
        self.reading = reading
        self.flaws = flaws
    }

    /// Every document of the stream, with its flaws.
    mutating func documents() throws(YAMLError) -> [(node: YAMLNode, flaws: [YAMLFlaws.Flaw])] {
        var documents: [(node: YAMLNode, flaws: [YAMLFlaws.Flaw])] = []
        while true {
            let event = try reader.next()
            switch event.kind {
            case .streamEnd:
                return documents
            case .documentStart(let hasDirectives):
                if reading == .kubernetes {
                    try source.checkDocument(event, hasDirectives: hasDirectives, isFirst: documents.isEmpty)
                }
                tree = YAMLTree()
                anchors.removeAll()
                let node = try node(from: reader.next(), depth: 1).node
                documents.append((node, flaws.take()))
            default:
                continue
            }
        }
    }

    /// - Parameter key: Of the mapping that holds the node as a value.
    private mutating func node(
        from event: YAMLEvent, depth: Int, key: YAMLNode? = nil
    ) throws(YAMLError) -> Part {
        try countNode(at: event.position)
        guard depth <= limits.depth else {
            try flaws.add(tooDeep(event.position), depth: depth)
            return try skip(event)
        }
        if case .alias(let name) = event.kind { return try alias(name, at: event.position, depth: depth) }
        if case .scalar(let scalar) = event.kind, let problem = scalar.tagProblem {
            let error = YAMLError(event.position, problem.message, remedy: problem.remedy)
            try flaws.add(error, depth: depth - 1, key: key)
        }
        if case .scalar(let scalar) = event.kind, reading == .kubernetes, let error = source.problem(scalar, event) {
            try flaws.add(error, depth: depth - 1, key: key)
        }
        if let anchor = event.anchor { anchors[anchor] = .open }
        let part =
            switch event.kind {
            case .scalar(let scalar): Part(node: tree.addScalar(scalar, at: event.position))
            case .sequenceStart: try sequence(at: event.position, depth: depth)
            default: try mapping(at: event.position, depth: depth)
            }
        if let anchor = event.anchor { anchors[anchor] = .finished(part) }
        return part
    }

    private mutating func sequence(at position: YAMLNode.Position, depth: Int) throws(YAMLError) -> Part {
        var nodes: [YAMLNode] = []
        var count = 1
        var height = 0
        while true {
            let event = try reader.next()
            if case .sequenceEnd = event.kind { break }
            let part = try node(from: event, depth: depth + 1)
            nodes.append(part.node)
            count += part.count
            height = max(height, part.height)
        }
        return Part(node: tree.addSequence(nodes, at: position), count: count, height: height + 1)
    }

    private mutating func mapping(at position: YAMLNode.Position, depth: Int) throws(YAMLError) -> Part {
        var pairs = YAMLPairs(as: reading)
        var count = 1
        var height = 0
        while true {
            let event = try reader.next()
            if case .mappingEnd = event.kind { break }
            let key = try node(from: event, depth: depth + 1)
            let valueEvent = try reader.next()
            let value = try node(from: valueEvent, depth: depth + 1, key: key.node)
            count += key.count + value.count
            height = max(height, value.height)
            if let error = try pairs.append(key.node, value.node, isAlias: valueEvent.isAlias) {
                try flaws.add(error, depth: depth, key: key.node)
            }
        }
        // The nodes that a merge key brings were counted with its alias.
        return Part(node: tree.addMapping(try pairs.merged(), at: position), count: count, height: height + 1)
    }

    private mutating func alias(
        _ name: String, at position: YAMLNode.Position, depth: Int
    ) throws(YAMLError) -> Part {
        switch anchors[name] {
        case nil:
            throw YAMLError(
                position, "the alias *\(name) names no anchor", remedy: "write &\(name) before the node that it means")
        case .open:
            throw YAMLError(
                position, "the alias *\(name) stands inside of its own anchor", remedy: "write the node out")
        case .finished(let part):
            try countAliased(part.count, at: position)
            guard depth + part.height - 1 <= limits.depth else { throw tooDeep(position) }
            return part
        }
    }

    /// Passes over the node that begins with an event; null stands in its place.
    private mutating func skip(_ first: YAMLEvent) throws(YAMLError) -> Part {
        var open = 0
        var event = first
        while true {
            switch event.kind {
            case .sequenceStart, .mappingStart: open += 1
            case .sequenceEnd, .mappingEnd: open -= 1
            default: break
            }
            let part = Part(node: tree.addScalar(YAMLScalar(text: "null"), at: first.position))
            if let anchor = event.anchor { anchors[anchor] = .finished(part) }
            guard open > 0 else { return part }
            event = try reader.next()
            try countNode(at: event.position)
        }
    }

    private mutating func countNode(at position: YAMLNode.Position) throws(YAMLError) {
        nodeCount += 1
        guard nodeCount <= limits.nodes else {
            throw YAMLError(position, "more than \(limits.nodes) nodes", remedy: "split the file")
        }
    }

    private mutating func countAliased(_ count: Int, at position: YAMLNode.Position) throws(YAMLError) {
        aliasedCount += count
        guard aliasedCount <= limits.aliasedNodes else {
            throw YAMLError(
                position, "aliases stand for more than \(limits.aliasedNodes) nodes", remedy: "write the nodes out")
        }
    }

    private func tooDeep(_ position: YAMLNode.Position) -> YAMLError {
        YAMLError(position, "nested deeper than \(limits.depth) levels", remedy: "write it flatter")
    }
}
