extension YAMLNode {
    /// Reads the JSON values of a stream, lists of objects (`kind: …List` with `items`) object by object.
    ///
    /// Safe for any bytes; the limits hold for each object by itself.
    ///
    /// - Parameter body: Receives each object, with the list that it stood in.
    /// - Returns: The lists.
    @discardableResult
    package static func forEachObject(
        inJSON bytes: [UInt8], limits: YAMLLimits = YAMLLimits(), _ body: (YAMLObject) -> Void
    ) throws(YAMLError) -> [YAMLObject.ReadList] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLError) in
            let text = UnsafeBufferPointer(rebasing: try TextEncoding.utf8(buffer))
            var reader = JSONReader(text, limits: limits, flaws: .kept)
            var lists: [YAMLObject.ReadList] = []
            while !reader.isAtEnd() { if let list = try reader.objects(body) { lists.append(list) } }
            return lists
        }
    }
}
