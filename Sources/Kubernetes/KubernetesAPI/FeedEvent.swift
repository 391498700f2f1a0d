package import KubernetesObjects

/// What a feed tells of its objects.
package enum FeedEvent: Hashable, Sendable {
    /// A list is complete: these are all objects of the kind. Those that could not be read stay as they were; see
    /// ``ClusterWatch/unreadable``.
    case replaced(kind: String, [KubernetesObject], unreadable: Set<ObjectName>)
    /// An object came or changed.
    case changed(KubernetesObject)
    case removed(ObjectIdentity)
}

/// What went wrong with a feed; it goes on by itself.
package struct FeedProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let resource: String
    package let message: String
    /// Whether asking again in the same way is of no use: no rights, a server that cannot be trusted, or one that
    /// answers what no API server does.
    package let isRefusal: Bool

    package var description: String { "\(resource): \(message)" }
}
