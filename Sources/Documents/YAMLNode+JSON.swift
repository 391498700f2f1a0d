extension YAMLNode {
    /// Reads the JSON values of a stream, lists of objects (`kind: …List` with `items`) object by object.
    ///
    /// Safe for any bytes; the limits hold for each object by itself.
    ///
    /// - Parameter body: Receives each object, and the kind of the list that it stood in.
    /// - Returns: The last list without its items; `nil` if there was none.
    @discardableResult
    package static func forEachObject(
        inJSON bytes: [UInt8], limits: YAMLLimits = YAMLLimits(), _ body: (YAMLNode, _ listKind: String?) -> Void
    ) throws(YAMLError) -> YAMLNode? {
        try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLError) in
            var reader = JSONReader(UnsafeBufferPointer(rebasing: try TextEncoding.utf8(buffer)), limits: limits)
            var list: YAMLNode?
            while !reader.isAtEnd() { list = try reader.objects(body) ?? list }
            return list
        }
    }
}
