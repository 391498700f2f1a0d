/// What every object carries.
package struct ObjectMetadata: Hashable, Sendable {
    package var name: String
    /// Empty for objects of the whole cluster.
    package var namespace: String
    /// RFC 3339 in UTC, which sorts as text.
    package var creationTimestamp: String
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
