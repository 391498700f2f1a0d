/// Reads JSON (RFC 8259) into the trees that YAML makes, every value with its place.
struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private let limits: YAMLLimits
    /// Whether the value of a key is read; `nil` for all of them.
    private let isWanted: ((UnsafeBufferPointer<UInt8>) -> Bool)?
    var tree = YAMLTree()
    /// Of the lists and objects that are being read, the nodes that have been.
    private var open: [UInt32] = []
    var offset = 0
    private var line: UInt32 = 1
    private var lineStart = 0
    private var nodeCount = 0
    private var flaws: YAMLFlaws

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: YAMLLimits, flaws: YAMLFlaws = .refused,
        isWanted: ((UnsafeBufferPointer<UInt8>) -> Bool)? = nil
    ) {
        self.bytes = bytes
        self.limits = limits
        self.flaws = flaws
        self.isWanted = isWanted
    }

    /// Whether nothing but white space is left.
    mutating func isAtEnd() -> Bool {
        skipSpace()
        return offset == bytes.count
    }

    /// The next value, its nodes counted from none.
    mutating func value() throws(YAMLError) -> YAMLNode {
        tree = YAMLTree()
        return YAMLNode(tree, try wholeValue())
    }

    private mutating func wholeValue() throws(YAMLError) -> UInt32 {
        nodeCount = 0
        return try value(depth: 1)
    }

    /// The next value; of an object that holds a list of objects, each of them by itself.
    ///
    /// A list of 100,000 objects is many times as large in memory as any of them.
    ///
    /// - Parameter body: Receives each object, and the list that it stood in.
    /// - Returns: The list; `nil` if it was none.
    mutating func objects(_ body: (YAMLObject) -> Void) throws(YAMLError) -> YAMLObject.ReadList? {
        skipSpace()
        guard let list = list() else {
            let node = try value()
            body(YAMLObject(node: node, list: nil, flaws: flaws.take()))
            return nil
        }
        let start = position
        tree = YAMLTree()
        var hasItems = false
        var count = 0
        let node = try object(at: start) { (reader, key) throws(YAMLError) in
            let name = reader.tree.text(of: reader.tree.entries[Int(key)])
            guard name == "items", reader.peek == UInt8(ascii: "[") else { return try reader.wholeValue() }
            guard !hasItems else {
                throw YAMLError(
                    YAMLNode(reader.tree, key), "the list has `items` twice", remedy: "keep one of the two")
            }
            hasItems = true
            // The objects have trees of their own, and are nothing of the list's.
            let (tree, open) = (reader.tree, reader.open)
            reader.open = []
            try reader.elements { (reader) throws(YAMLError) in
                let node = try reader.value()
                count += 1
                body(YAMLObject(node: node, list: list, flaws: reader.flaws.take()))
            }
            (reader.tree, reader.open) = (tree, open)
            return nil
        }
        return YAMLObject.ReadList(list: list, node: YAMLNode(tree, node), count: count)
    }
}

// MARK: - Values

extension JSONReader {
    var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    var position: YAMLNode.Position {
        YAMLNode.Position(line: line, column: UInt32(clamping: offset - lineStart + 1))
    }

    func problem(_ message: String, _ remedy: String? = nil) -> YAMLError {
        YAMLError(line: Int(line), column: offset - lineStart + 1, message: message, remedy: remedy)
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): offset += 1
            case UInt8(ascii: "\n"):
                offset += 1
                line += 1
                lineStart = offset
            default: return
            }
        }
    }

    private mutating func expect(_ byte: UInt8) throws(YAMLError) {
        skipSpace()
        guard peek == byte else { throw problem("`\(Character(UnicodeScalar(byte)))` is missing here") }
        offset += 1
    }

    private mutating func value(depth: Int) throws(YAMLError) -> UInt32 {
        skipSpace()
        nodeCount += 1
        guard nodeCount <= limits.nodes else { throw problem("more than \(limits.nodes) nodes", "split the file") }
        let start = position
        guard depth <= limits.depth else {
            try flaws.add(problem("nested deeper than \(limits.depth) levels", "write it flatter"), depth: depth)
            try skipWhole()
            return tree.addScalar("null".utf8, isPlain: true, at: start)
        }
        switch peek {
        case UInt8(ascii: "{"):
            return try object(at: start, depth: depth) { (reader, key) throws(YAMLError) in
                try reader.value(depth: depth + 1)
            }
        case UInt8(ascii: "["):
            let first = open.count
            try elements { (reader) throws(YAMLError) in reader.open.append(try reader.value(depth: depth + 1)) }
            return close(from: first, isMapping: false, at: start)
        case UInt8(ascii: "\""): return try string(at: start)
        default: return try word(at: start)
        }
    }

    /// Reads an object.
    ///
    /// - Parameters:
    ///   - depth: At which a key that stands twice is a flaw; `nil` where it is an error.
    ///   - read: Reads the value of a key; `nil` for one that does not become part of the object.
    private mutating func object(
        at start: YAMLNode.Position, depth: Int? = nil,
        _ read: (inout JSONReader, UInt32) throws(YAMLError) -> UInt32?
    ) throws(YAMLError) -> UInt32 {
        let first = open.count
        var lines = KeyLines()
        try members { (reader, key) throws(YAMLError) in
            guard reader.isRead(key) else { return reader.skipValue() }
            guard let value = try read(&reader, key) else { return }
            if let line = lines.line(of: key, among: reader.open[first...], of: reader.tree) {
                let node = YAMLNode(reader.tree, key)
                let error = YAMLError(node, standsSince: line)
                guard let depth else { throw error }
                return try reader.flaws.add(error, depth: depth, key: node)
            }
            reader.open.append(key)
            reader.open.append(value)
        }
        return close(from: first, isMapping: true, at: start)
    }

    /// Makes a list or an object of the nodes that were read since.
    private mutating func close(from first: Int, isMapping: Bool, at start: YAMLNode.Position) -> UInt32 {
        defer { open.removeSubrange(first...) }
        return tree.addList(open[first...], isMapping: isMapping, at: start)
    }

    private func isRead(_ key: UInt32) -> Bool {
        guard let isWanted else { return true }
        return tree.bytes(of: tree.entries[Int(key)]).withUnsafeBufferPointer(isWanted)
    }

    /// Walks the members of an object; the body reads each value.
    mutating func members(
        _ body: (inout JSONReader, UInt32) throws(YAMLError) -> Void
    ) throws(YAMLError) {
        try list(from: "{", to: "}") { (reader) throws(YAMLError) in
            let start = reader.position
            guard reader.peek == UInt8(ascii: "\"") else { throw reader.problem("a key in quotes is missing here") }
            let key = try reader.string(at: start)
            try reader.expect(UInt8(ascii: ":"))
            reader.skipSpace()
            try body(&reader, key)
        }
    }

    private mutating func elements(_ body: (inout JSONReader) throws(YAMLError) -> Void) throws(YAMLError) {
        try list(from: "[", to: "]", body)
    }

    private mutating func list(
        from open: Unicode.Scalar, to close: Unicode.Scalar, _ body: (inout JSONReader) throws(YAMLError) -> Void
    ) throws(YAMLError) {
        try expect(UInt8(ascii: open))
        skipSpace()
        if peek == UInt8(ascii: close) {
            offset += 1
            return
        }
        while true {
            skipSpace()
            try body(&self)
            skipSpace()
            guard peek == UInt8(ascii: ",") else { break }
            offset += 1
        }
        guard peek == UInt8(ascii: close) else { throw problem("`,` or `\(close)` is missing here") }
        offset += 1
    }

    /// A number, a truth value or null.
    private mutating func word(at start: YAMLNode.Position) throws(YAMLError) -> UInt32 {
        var end = offset
        while end < bytes.count, Self.isWordByte(bytes[end]) { end += 1 }
        let word = UnsafeBufferPointer(rebasing: bytes[offset..<end])
        guard Self.isPlainNumber(word) || Self.isValue(String(decoding: word, as: UTF8.self)) else {
            let text = String(decoding: word, as: UTF8.self)
            throw problem(text.isEmpty ? "a value is missing here" : "`\(text)` is no value", "quote a text")
        }
        offset = end
        return tree.addScalar(word, isPlain: true, at: start)
    }

    /// Whether it is a short whole number without a sign, as most are.
    private static func isPlainNumber(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (1..<16).contains(word.count), word[0] != UInt8(ascii: "0") || word.count == 1 else { return false }
        return word.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private static func isValue(_ text: String) -> Bool {
        text == "true" || text == "false" || text == "null" || isNumber(text)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard let first = digits.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        let second = digits.dropFirst().first
        if first == UInt8(ascii: "0"), let second, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(second) {
            return false
        }
        return Double(text)?.isFinite == true && text.utf8.last != UInt8(ascii: ".") && !text.lowercased().contains("x")
    }
}

/// Finds keys that stand twice in an object.
private struct KeyLines {
    /// By key, kept only where a search through the object would be slow.
    private var lines: [String: UInt32] = [:]

    private static let searchedPairs = 16

    /// The line of the same key before; `nil` if there is none.
    ///
    /// - Parameter nodes: Keys and values before, which take turns.
    mutating func line(of key: UInt32, among nodes: ArraySlice<UInt32>, of tree: YAMLTree) -> UInt32? {
        func line(_ node: UInt32) -> UInt32 { tree.entries[Int(node)].position.line }
        func text(_ node: UInt32) -> String { tree.text(of: tree.entries[Int(node)]) }
        let keys = stride(from: nodes.startIndex, to: nodes.endIndex, by: 2).lazy.map { nodes[$0] }
        guard nodes.count / 2 >= Self.searchedPairs else {
            return keys.first { tree.haveSameText($0, key) }.map(line)
        }
        if lines.isEmpty { lines = Dictionary(uniqueKeysWithValues: keys.map { (text($0), line($0)) }) }
        let name = text(key)
        if let before = lines[name] { return before }
        lines[name] = line(key)
        return nil
    }
}
