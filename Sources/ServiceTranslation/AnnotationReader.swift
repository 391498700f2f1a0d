import KubernetesObjects
import LoadBalancing

/// Reads our annotations of one object: a value that makes no sense is reported, and the default stands.
struct AnnotationReader {
    /// Where all our annotations begin.
    static let prefix = "ipvsync.io/"

    private let object: ObjectName
    private let values: [String: String]
    private(set) var warnings: [TranslationWarning] = []

    /// - Parameter known: The names behind the prefix that this kind of object may carry.
    init(_ metadata: ObjectMetadata, known: Set<String>) {
        object = metadata.id
        values = metadata.annotations.filter { $0.key.hasPrefix(Self.prefix) }
        for key in values.keys.sorted() where !known.contains(String(key.dropFirst(Self.prefix.count))) {
            let names = known.sorted().map { Self.prefix + $0 }.joined(separator: ", ")
            warnings.append(
                TranslationWarning(object, reason: .annotation, "annotation \(key) is not known; known are \(names)"))
        }
    }

    /// Whether there is nothing to read.
    var isEmpty: Bool { values.isEmpty }

    /// The value of an annotation; `nil` when it is absent or refused.
    mutating func value<Value>(_ name: String, expecting expectation: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = values[Self.prefix + name] else { return nil }
        if let value = parse(text) { return value }
        warnings.append(
            TranslationWarning(
                object, reason: .annotation,
                "annotation \(Self.prefix)\(name): \"\(text)\" is not \(expectation); the default is used"))
        return nil
    }
}
