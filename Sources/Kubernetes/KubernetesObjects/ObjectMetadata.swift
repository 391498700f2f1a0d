/// What every object carries.
package struct ObjectMetadata: Hashable, Sendable {
    package var name: String
    /// Empty for objects of the whole cluster.
    package var namespace: String
    /// RFC 3339 in UTC, which sorts as text.
    package var creationTimestamp: String
    /// Of Services only, for Events; `nil` when it is not known.
    package var uid: ObjectUID?
    /// Of objects other than Pods only those that matter.
    package var labels: [String: String]
    /// Only those that matter: others are long, and change for reasons that are none of ours.
    package var annotations: [String: String]

    package init(
        name: String, namespace: String = "", creationTimestamp: String = "",
        labels: [String: String] = [:], annotations: [String: String] = [:]
    ) {
        self.name = name
        self.namespace = namespace
        self.creationTimestamp = creationTimestamp
        self.labels = labels
        self.annotations = annotations
    }

    /// The object's name within the cluster.
    package var id: ObjectName { ObjectName(namespace: namespace, name: name) }
}

/// What tells an object from others of its name, before and after it: 16 bytes in place of a text.
package struct ObjectUID: Hashable, Sendable, CustomStringConvertible {
    private let value: UInt128

    /// Reads a UUID as RFC 9562 writes it; `nil` for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(37))
        let hyphen = UInt8(ascii: "-")
        guard bytes.count == 36, [8, 13, 18, 23].allSatisfy({ bytes[$0] == hyphen }),
            bytes.count(where: { $0 == hyphen }) == 4, !bytes.contains(UInt8(ascii: "+")),
            let value = UInt128(String(decoding: bytes.filter { $0 != hyphen }, as: UTF8.self), radix: 16)
        else { return nil }
        self.value = value
    }

    package var description: String {
        let digits = String(value, radix: 16)
        let all = Array(String(repeating: "0", count: 32 - digits.utf8.count) + digits)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(all[$0]) }.joined(separator: "-")
    }
}

/// A namespace and a name.
package struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let namespace: String
    package let name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.namespace == right.namespace ? left.name < right.name : left.namespace < right.namespace
    }

    /// `namespace/name`, as Kubernetes writes it.
    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }
}
