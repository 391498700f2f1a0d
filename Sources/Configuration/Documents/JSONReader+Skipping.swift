// What is passed over: values that nobody wants, and what a glance ahead at a list needs not.
extension JSONReader {
    /// The list of objects that begins here; `nil` if there is none.
    ///
    /// A glance ahead that judges nothing: the kind may stand behind the items.
    func list() -> YAMLObject.List? {
        var ahead = self
        ahead.tree = YAMLTree()
        guard ahead.peek == UInt8(ascii: "{") else { return nil }
        var kind: String?
        var apiVersion: String?
        var hasItems = false
        _ = try? ahead.members { (reader, key) throws(YAMLError) in
            func text() throws(YAMLError) -> String? {
                YAMLNode(reader.tree, try reader.string(at: reader.position)).scalar?.text
            }
            switch YAMLNode(reader.tree, key).scalar?.text {
            case "kind" where reader.peek == UInt8(ascii: "\""): kind = try text()
            case "apiVersion" where reader.peek == UInt8(ascii: "\""): apiVersion = try text()
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
    mutating func skipWhole() throws(YAMLError) {
        let start = problem("the value has no end")
        let isBracket = peek == UInt8(ascii: "{") || peek == UInt8(ascii: "[")
        skipValue()
        guard isBracket else { return }
        guard offset > 0, offset <= bytes.count, [UInt8(ascii: "}"), UInt8(ascii: "]")].contains(bytes[offset - 1])
        else {
            throw start
        }
    }

    mutating func skipValue() {
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
