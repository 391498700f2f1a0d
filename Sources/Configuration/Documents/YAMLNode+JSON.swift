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

    /// The one value that the bytes are in JSON.
    ///
    /// - Parameter isWanted: Tells of each key of an object whether its value is read; others are passed over, and not
    ///   even looked at.
    package static func value(
        inJSON bytes: [UInt8], limits: YAMLLimits = YAMLLimits(), where isWanted: ((String) -> Bool)? = nil
    ) throws(YAMLError) -> YAMLNode {
        try value(inJSON: bytes, limits: limits) { key in isWanted?(String(decoding: key, as: UTF8.self)) ?? true }
    }

    private static func value(
        inJSON bytes: [UInt8], limits: YAMLLimits, whereKey isWanted: @escaping (UnsafeBufferPointer<UInt8>) -> Bool
    ) throws(YAMLError) -> YAMLNode {
        try bytes.withUnsafeBufferPointer { (buffer) throws(YAMLError) in
            var reader = JSONReader(buffer, limits: limits, isWanted: isWanted)
            let value = try reader.value()
            guard reader.isAtEnd() else { throw reader.problem("something stands behind the value") }
            return value
        }
    }

    /// A Kubernetes object that an API server has sent, or an event of a watch (`{"type": …, "object": …}`), without
    /// what is most of it and nobody reads: `managedFields`, `ownerReferences`, and what kubectl applied last.
    ///
    /// - Returns: The object. When it is too large or broken inside: what tells which one it is, and what is wrong.
    /// - Throws: What is wrong, when not even that can be read.
    package static func object(
        inJSON bytes: [UInt8]
    ) throws(YAMLError) -> (node: YAMLNode, problem: YAMLError?) {
        do {
            return (try value(inJSON: bytes, limits: objectLimits, whereKey: isRead), nil)
        } catch {
            return (try value(inJSON: bytes, limits: objectLimits, where: identifyingKeys.contains), error)
        }
    }

    private static func isRead(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
        !unreadKeys.contains { $0.utf8.count == key.count && $0.utf8.elementsEqual(key) }
    }

    private static let unreadKeys = [
        "managedFields", "ownerReferences", "kubectl.kubernetes.io/last-applied-configuration",
    ]

    /// More values than an object of etcd's 1.5 MiB can hold.
    private static let objectLimits = YAMLLimits(nodes: 250_000)

    private static let identifyingKeys: Set<String> = [
        "type", "object", "kind", "apiVersion", "metadata", "name", "namespace", "resourceVersion", "labels",
        // Whose endpoints a slice holds.
        "kubernetes.io/service-name",
    ]
}
