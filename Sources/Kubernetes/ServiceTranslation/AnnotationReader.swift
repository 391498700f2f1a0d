import KubernetesObjects
import LoadBalancing

/// Which of our annotations are heeded: tenants write them.
package enum HeededAnnotations: Hashable, Sendable {
    case all
    case none
    /// Those with these names behind the prefix.
    case named(Set<String>)

    /// Where all our annotations begin.
    package static let prefix = "ipvsync.io/"

    /// All names that are known behind the prefix.
    package static let names = ServiceSettings.annotations.union(ServiceEndpoints.annotations)

    func heeds(_ name: String) -> Bool {
        switch self {
        case .all: true
        case .none: false
        case .named(let names): names.contains(name)
        }
    }
}

/// Reads our annotations of one object, and those of others that mean the same: a value that makes no sense is reported,
/// and the default stands.
struct AnnotationReader {
    private let object: ObjectName
    /// By our names.
    private let values: [String: Found]
    private(set) var warnings: [TranslationWarning] = []

    /// A text, and the annotation that holds it.
    private struct Found {
        let key: String
        let text: String
    }

    /// Unknown names that are told one by one.
    private static let shown = 5

    /// - Parameters:
    ///   - known: The names behind the prefix that this kind of object may carry.
    ///   - aliases: Annotations of others by our names for them; where there are both, ours counts.
    ///   - heeded: Those of them that count; the others are told and pass for absent.
    init(
        _ metadata: ObjectMetadata, known: Set<String>, aliases: [String: String] = [:], heeded: HeededAnnotations
    ) {
        object = metadata.id
        var values: [String: Found] = [:]
        var (unknown, refused): ([String], [String]) = ([], [])
        for (key, value) in metadata.annotations where key.hasPrefix(HeededAnnotations.prefix) {
            let name = String(key.dropFirst(HeededAnnotations.prefix.count))
            if !known.contains(name) {
                unknown.append(key)
            } else if heeded.heeds(name) {
                values[name] = Found(key: key, text: value)
            } else {
                refused.append(key)
            }
        }
        for (name, key) in aliases {
            guard let text = metadata.annotations[key] else { continue }
            if !heeded.heeds(name) {
                refused.append(key)
            } else if values[name] == nil {
                values[name] = Found(key: key, text: text)
            }
        }
        self.values = values
        if !unknown.isEmpty {
            let names = known.sorted().map { HeededAnnotations.prefix + $0 }.joined(separator: ", ")
            warn("\(Self.list(unknown)) not known; known are \(names)")
        }
        if !refused.isEmpty {
            warn(
                "\(Self.list(refused)) not heeded; the default is used: `services.annotations` in the node's "
                    + "configuration does not allow it")
        }
    }

    /// Whether there is nothing to read or to tell.
    var isEmpty: Bool { values.isEmpty && warnings.isEmpty }

    /// The value of an annotation; `nil` when it is absent or refused.
    mutating func value<Value>(_ name: String, expecting expectation: String, _ parse: (String) -> Value?) -> Value? {
        guard let found = values[name] else { return nil }
        if found.text.utf8.count <= ServiceBounds.annotationLength, let value = parse(found.text) { return value }
        warn("annotation \(found.key): \"\(found.text.excerpt())\" is not \(expectation); the default is used")
        return nil
    }

    /// Whether it is another's annotation that counts.
    func isAlias(_ name: String) -> Bool {
        values[name].map { !$0.key.hasPrefix(HeededAnnotations.prefix) } ?? false
    }

    private mutating func warn(_ message: String) {
        warnings.append(TranslationWarning(object, reason: .annotation, message))
    }

    /// `annotation a is`, or `annotations a, b and 7 more are`.
    private static func list(_ names: [String]) -> String {
        let shown = names.sorted().prefix(shown).map { $0.excerpt() }.joined(separator: ", ")
        let more = names.count > Self.shown ? " and \(names.count - Self.shown) more" : ""
        return names.count == 1 ? "annotation \(shown) is" : "annotations \(shown)\(more) are"
    }
}
