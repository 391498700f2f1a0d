/// Reads JSON (RFC 8259) into the trees that YAML makes, every value with its place.
struct JSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: YAMLLimits
    /// Whether the value of a key is read; `nil` for all of them.
    private let isWanted: ((String) -> Bool)?
    private var offset = 0
    private var line: UInt32 = 1
    private var lineStart = 0
    private var nodeCount = 0
    private var flaws: YAMLFlaws

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: YAMLLimits, flaws: YAMLFlaws = .refused,
        isWanted: ((String) -> Bool)? = nil
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
        var pairs = YAMLPairs()
        var hasItems = false
        var count = 0
        try members { (reader, key) throws(YAMLError) in
            guard key.scalar?.text == "items", reader.peek == UInt8(ascii: "[") else {
                if let error = try pairs.append(key, try reader.value()) { throw error }
                return
            }
            guard !hasItems else { throw YAMLError(key, "the list has `items` twice", remedy: "keep one of the two") }
            hasItems = true
            try reader.elements { (reader) throws(YAMLError) in
                let node = try reader.value()
                count += 1
                body(YAMLObject(node: node, list: list, flaws: reader.flaws.take()))
            }
        }
        return YAMLObject.ReadList(
            list: list, node: YAMLNode(.mapping(try pairs.merged()), at: start), count: count)
    }
}

// MARK: - Values

extension JSONReader {
    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private var position: YAMLNode.Position {
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

    private mutating func value(depth: Int) throws(YAMLError) -> YAMLNode {
        skipSpace()
        nodeCount += 1
        guard nodeCount <= limits.nodes else { throw problem("more than \(limits.nodes) nodes", "split the file") }
        let start = position
        guard depth <= limits.depth else {
            try flaws.add(problem("nested deeper than \(limits.depth) levels", "write it flatter"), depth: depth)
            try skipWhole()
            return YAMLNode(.scalar(YAMLScalar(text: "null")), at: start)
        }
        switch peek {
        case UInt8(ascii: "{"):
            var pairs = YAMLPairs()
            try members { (reader, key) throws(YAMLError) in
                guard reader.isWanted?(key.scalar?.text ?? "") ?? true else { return reader.skipValue() }
                if let error = try pairs.append(key, try reader.value(depth: depth + 1)) {
                    try reader.flaws.add(error, depth: depth, key: key)
                }
            }
            return YAMLNode(.mapping(try pairs.merged()), at: start)
        case UInt8(ascii: "["):
            var nodes: [YAMLNode] = []
            try elements { (reader) throws(YAMLError) in nodes.append(try reader.value(depth: depth + 1)) }
            return YAMLNode(.sequence(nodes), at: start)
        case UInt8(ascii: "\""):
            return YAMLNode(.scalar(YAMLScalar(text: try string(), isPlain: false)), at: start)
        default:
            return YAMLNode(.scalar(YAMLScalar(text: try word())), at: start)
        }
    }

    /// Walks the members of an object; the body reads each value.
    private mutating func members(
        _ body: (inout JSONReader, YAMLNode) throws(YAMLError) -> Void
    ) throws(YAMLError) {
        try list(from: "{", to: "}") { (reader) throws(YAMLError) in
            let start = reader.position
            guard reader.peek == UInt8(ascii: "\"") else { throw reader.problem("a key in quotes is missing here") }
            let key = YAMLNode(.scalar(YAMLScalar(text: try reader.string(), isPlain: false)), at: start)
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
    private mutating func word() throws(YAMLError) -> String {
        var end = offset
        while end < bytes.count, Self.isWordByte(bytes[end]) { end += 1 }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[offset..<end]), as: UTF8.self)
        guard ["true", "false", "null"].contains(text) || Self.isNumber(text) else {
            throw problem(text.isEmpty ? "a value is missing here" : "`\(text)` is no value", "quote a text")
        }
        offset = end
        return text
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

// MARK: - Texts

extension JSONReader {
    /// A text in quotes, of which the next byte is the first.
    private mutating func string() throws(YAMLError) -> String {
        let start = offset + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\"),
            bytes[end] >= 0x20
        { end += 1 }
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return try escapedString() }
        let text = String(validating: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
        guard let text else { throw problem("the text is not UTF-8", "save the file as UTF-8 text") }
        offset = end + 1
        return text
    }

    private mutating func escapedString() throws(YAMLError) -> String {
        var text: [UInt8] = []
        offset += 1
        while true {
            guard let byte = peek, byte >= 0x20 else { throw problem("the text has no closing quote in its line") }
            offset += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                text += Array(String(try escape()).utf8)
            } else {
                text.append(byte)
            }
        }
        guard let valid = String(validating: text, as: UTF8.self) else {
            throw problem("the text is not UTF-8", "save the file as UTF-8 text")
        }
        return valid
    }

    private mutating func escape() throws(YAMLError) -> Unicode.Scalar {
        guard let letter = peek else { throw problem("the text has no closing quote") }
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard unit < 0xDC00, peek == UInt8(ascii: "\\") else { throw problem("half a surrogate pair") }
            offset += 1
            guard peek == UInt8(ascii: "u") else { throw problem("half a surrogate pair") }
            offset += 1
            let second = try codeUnit()
            guard (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00))
            else { throw problem("half a surrogate pair") }
            return scalar
        default: throw problem("`\\\(Character(UnicodeScalar(letter)))` is no escape", "write `\\\\` for a backslash")
        }
    }

    private mutating func codeUnit() throws(YAMLError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw problem("`\\u` wants four hexadecimal digits")
            }
            unit = unit << 4 | UInt32(digit)
            offset += 1
        }
        return unit
    }
}

// MARK: - Lists

extension JSONReader {
    /// The list of objects that begins here; `nil` if there is none.
    ///
    /// A glance ahead that judges nothing: the kind may stand behind the items.
    private func list() -> YAMLObject.List? {
        var ahead = self
        guard ahead.peek == UInt8(ascii: "{") else { return nil }
        var kind: String?
        var apiVersion: String?
        var hasItems = false
        _ = try? ahead.members { (reader, key) throws(YAMLError) in
            switch key.scalar?.text {
            case "kind" where reader.peek == UInt8(ascii: "\""): kind = try reader.string()
            case "apiVersion" where reader.peek == UInt8(ascii: "\""): apiVersion = try reader.string()
            case "items" where reader.peek == UInt8(ascii: "["):
                hasItems = true
                reader.skipValue()
            default: reader.skipValue()
            }
        }
        guard hasItems, let kind, kind.hasSuffix("List") else { return nil }
        return YAMLObject.List(kind: kind, apiVersion: apiVersion)
    }

    /// Passes over a value whose brackets must match.
    private mutating func skipWhole() throws(YAMLError) {
        let start = problem("the value has no end")
        let isBracket = peek == UInt8(ascii: "{") || peek == UInt8(ascii: "[")
        skipValue()
        guard isBracket else { return }
        guard offset > 0, offset <= bytes.count, [UInt8(ascii: "}"), UInt8(ascii: "]")].contains(bytes[offset - 1])
        else {
            throw start
        }
    }

    private mutating func skipValue() {
        var depth = 0
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""): skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                offset += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { return }
                depth -= 1
                offset += 1
            case UInt8(ascii: ",") where depth == 0: return
            default: offset += 1
            }
        }
    }

    private mutating func skipString() {
        offset += 1
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            offset += bytes[offset] == UInt8(ascii: "\\") ? 2 : 1
        }
        offset = min(offset + 1, bytes.count)
    }
}
