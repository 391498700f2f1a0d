extension YAMLNode {
    /// Every document of a YAML 1.1 or 1.2 stream in UTF-8; none for an empty one or one of comments.
    ///
    /// Safe for any bytes: time and memory are linear in them and bounded by the limits.
    package static func documents(
        in bytes: [UInt8], limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> [YAMLNode] {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(
                line: 1, column: 1, message: "\(bytes.count) bytes are more than the \(limits.bytes) that are read",
                remedy: "split the file")
        }
        // libyaml wants an address, which nothing may not have.
        guard !bytes.isEmpty else { return [] }
        return try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLError) -> [YAMLNode] in
            let text = UnsafeBufferPointer(rebasing: try TextEncoding.utf8(buffer))
            guard !text.isEmpty else { return [] }
            var builder = try YAMLTreeBuilder(text, limits: limits)
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
