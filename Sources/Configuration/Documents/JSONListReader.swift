/// Reads a list of objects (`{"kind": …, "metadata": …, "items": […]}`) in JSON as it comes, each item as soon as its
/// last byte is there.
///
/// Holds the value that is being read and nothing else, so that memory is that of one item however long the list is.
/// Pure, and safe for any bytes: ``add(_:)`` takes some, ``next()`` is asked until it has nothing more to tell.
package struct JSONListReader {
    /// What has been read.
    package enum Element: Hashable {
        /// Something beside the items: `kind`, `apiVersion`, `metadata`.
        case member(name: String, YAMLNode)
        /// An object of the list.
        case item(YAMLNode)
        /// An object of the list that is too large or broken inside: as much of it as tells which one it is.
        case unreadableItem(YAMLNode, YAMLError)
    }

    /// The longest item, in bytes.
    package static let maximumItem = 16 << 20
    /// The longest value beside the items, in bytes.
    package static let maximumMember = 64 << 10

    private enum State { case start, firstKey, key, colon, value, firstItem, item, afterItem, afterMember, end }

    /// What a value that is being read is of.
    private enum Purpose { case key, member, item }

    private var state: State = .start
    private var chunk: [UInt8] = []
    private var offset = 0
    /// Bytes before the chunk.
    private var passed = 0
    /// The value that is being read; `nil` between values.
    private var purpose: Purpose?
    private var scan = JSONScan()
    /// What came of it with earlier chunks.
    private var pending: [UInt8] = []
    private var name = ""
    private var names: Set<String> = []
    /// Whether there was a list of items, be it empty.
    package private(set) var hasItems = false

    package init() {}

    /// Whether the list has come to its end.
    package var isComplete: Bool { state == .end }

    /// Takes the next bytes, once ``next()`` has nothing more to tell of those before.
    package mutating func add(_ bytes: [UInt8]) {
        passed += offset
        chunk = offset < chunk.count ? chunk[offset...] + bytes : bytes
        offset = 0
    }

    /// What has been read next; `nil` until there are more bytes, or at the end.
    ///
    /// - Throws: What is wrong with the list; it cannot be read on then.
    package mutating func next() throws(YAMLError) -> Element? {
        while offset < chunk.count {
            if let purpose {
                guard let bytes = try capture(purpose) else { return nil }
                self.purpose = nil
                if let element = try element(bytes, purpose) { return element }
                continue
            }
            let byte = chunk[offset]
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): offset += 1
            default: try step(byte)
            }
        }
        return nil
    }
}

// MARK: - Steps

extension JSONListReader {
    /// Takes a byte between two values.
    private mutating func step(_ byte: UInt8) throws(YAMLError) {
        switch (state, byte) {
        case (.start, UInt8(ascii: "{")): pass(to: .firstKey)
        case (.firstKey, UInt8(ascii: "\"")), (.key, UInt8(ascii: "\"")): purpose = .key
        case (.firstKey, UInt8(ascii: "}")), (.afterMember, UInt8(ascii: "}")): pass(to: .end)
        case (.colon, UInt8(ascii: ":")): pass(to: .value)
        case (.value, UInt8(ascii: "[")) where name == "items":
            hasItems = true
            pass(to: .firstItem)
        case (.value, _): purpose = .member
        case (.firstItem, UInt8(ascii: "]")), (.afterItem, UInt8(ascii: "]")): pass(to: .afterMember)
        case (.firstItem, _), (.item, _): purpose = .item
        case (.afterItem, UInt8(ascii: ",")): pass(to: .item)
        case (.afterMember, UInt8(ascii: ",")): pass(to: .key)
        case (.start, _): throw problem("it does not begin as an object in JSON does, with `{`")
        case (.firstKey, _), (.key, _): throw problem("a key in quotes is missing here")
        case (.colon, _): throw problem("`:` is missing here")
        case (.afterItem, _): throw problem("`,` or `]` is missing here")
        case (.afterMember, _): throw problem("`,` or `}` is missing here")
        case (.end, _): throw problem("something stands behind the list")
        }
        if purpose != nil { scan = JSONScan() }
    }

    private mutating func pass(to next: State) {
        offset += 1
        state = next
    }

    /// All bytes of the value that is being read; `nil` while some are missing.
    private mutating func capture(_ purpose: Purpose) throws(YAMLError) -> [UInt8]? {
        let end = chunk.withUnsafeBufferPointer { scan.end(in: $0, from: offset) }
        let size = pending.count + (end ?? chunk.count) - offset
        let limit = purpose == .item ? Self.maximumItem : Self.maximumMember
        guard size <= limit else {
            throw YAMLError(
                line: 1, column: 1, message: "\(purpose == .item ? "an item" : "a value") is longer than \(limit) bytes"
            )
        }
        guard let end else {
            pending += chunk[offset...]
            offset = chunk.count
            return nil
        }
        defer { offset = end }
        guard !pending.isEmpty else { return Array(chunk[offset..<end]) }
        defer { pending = [] }
        return pending + chunk[offset..<end]
    }

    private mutating func element(_ bytes: [UInt8], _ purpose: Purpose) throws(YAMLError) -> Element? {
        switch purpose {
        case .key:
            name = try YAMLNode.value(inJSON: bytes).scalar?.text ?? ""
            guard names.insert(name).inserted else { throw problem("the key `\(name)` stands here twice") }
            state = .colon
            return nil
        case .member:
            state = .afterMember
            let node = try YAMLNode.value(inJSON: bytes)
            // As a server in Go writes a list that it never filled.
            if name == "items" { hasItems = node.isNull }
            return .member(name: name, node)
        case .item:
            state = .afterItem
            let (node, error) = try YAMLNode.object(inJSON: bytes)
            return error.map { .unreadableItem(node, $0) } ?? .item(node)
        }
    }

    private func problem(_ message: String) -> YAMLError {
        YAMLError(line: 1, column: passed + offset + 1, message: "byte \(passed + offset + 1): \(message)")
    }
}

/// Finds the end of a value in JSON without looking at what is in it.
struct JSONScan: Sendable {
    private var depth = 0
    private var isInText = false
    private var isEscaped = false
    /// Whether it is a number, a truth value or null: they end where something else begins.
    private var isWord = false

    /// The end of the value within the bytes; `nil` if it goes on after them.
    mutating func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        // In local variables: this looks at each byte of a list.
        var (depth, isInText, isEscaped, isWord) = (depth, isInText, isEscaped, isWord)
        defer { (self.depth, self.isInText, self.isEscaped, self.isWord) = (depth, isInText, isEscaped, isWord) }
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                    if depth == 0 { return index }
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                if isWord { return index - 1 }
                isInText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if isWord { return index - 1 }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // One that closes what was never opened ends an empty value, which no reader takes.
                if depth == 0 { return index - 1 }
                depth -= 1
                if depth == 0 { return index }
            case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                if depth == 0 { return index - 1 }
            default:
                if depth == 0 { isWord = true }
            }
        }
        return nil
    }
}
