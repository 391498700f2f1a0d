extension YAMLNode {
    /// Every document of a YAML 1.1 or 1.2 stream in UTF-8; none for an empty one or one of comments.
    ///
    /// Safe for any bytes: time and memory are linear in them and bounded by the limits.
    package static func documents(
        in bytes: [UInt8], limits: YAMLLimits = YAMLLimits(), as reading: YAMLReading = .standard
    ) throws(YAMLError) -> [YAMLNode] {
        try documents(in: bytes, limits: limits, as: reading, flaws: .refused).map(\.node)
    }

    /// Reads the objects of a stream as kubectl does, those of a list (`kind: …List` with `items`) one by one, each with
    /// what is wrong inside of it.
    ///
    /// - Returns: The lists.
    /// - Throws: What is wrong with the stream or with a list itself.
    package static func forEachObject(
        inYAML bytes: [UInt8], limits: YAMLLimits = YAMLLimits(), _ body: (YAMLObject) -> Void
    ) throws(YAMLError) -> [YAMLObject.ReadList] {
        var lists: [YAMLObject.ReadList] = []
        for (document, flaws) in try documents(in: bytes, limits: limits, as: .kubernetes, flaws: .kept) {
            let kind = document["kind"]?.scalar?.text ?? ""
            guard kind.hasSuffix("List"), let items = document["items"]?.sequence else {
                if !document.isNull { body(YAMLObject(node: document, list: nil, flaws: flaws)) }
                continue
            }
            // A list is a mapping (1) with a sequence (2) of objects (3).
            if let flaw = flaws.first(where: { $0.depth < 3 }) { throw flaw.error }
            let list = YAMLObject.List(kind: kind, apiVersion: document["apiVersion"]?.scalar?.text)
            for (index, item) in items.enumerated() {
                let end = index + 1 < items.count ? items[index + 1].place : (.max, .max)
                let own = flaws.filter { flaw in
                    let place = (flaw.error.line, flaw.error.column)
                    return item.place <= place && place < end
                }
                body(YAMLObject(node: item, list: list, flaws: own, depth: 3))
            }
            lists.append(YAMLObject.ReadList(list: list, node: document, count: items.count))
        }
        return lists
    }

    private var place: (Int, Int) { (line, column) }

    private static func documents(
        in bytes: [UInt8], limits: YAMLLimits, as reading: YAMLReading, flaws: YAMLFlaws
    ) throws(YAMLError) -> [(node: YAMLNode, flaws: [YAMLFlaws.Flaw])] {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(
                line: 1, column: 1, message: "\(bytes.count) bytes are more than the \(limits.bytes) that are read",
                remedy: "split the file")
        }
        return try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLError) in
            let text = UnsafeBufferPointer(rebasing: try TextEncoding.utf8(buffer))
            // libyaml wants an address, which nothing may not have.
            guard !text.isEmpty else { return [] }
            var builder = try YAMLTreeBuilder(text, limits: limits, as: reading, flaws: flaws)
            return try builder.documents()
        }
    }

    /// Every document of a text.
    package static func documents(
        in text: String, limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> [YAMLNode] {
        try documents(in: Array(text.utf8), limits: limits)
    }
}
