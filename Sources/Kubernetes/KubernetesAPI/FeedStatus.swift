package import KubernetesObjects

/// How a feed is doing, for people and metrics.
package struct FeedStatus: Hashable, Sendable {
    /// Whether a first list has been read, and its changes are followed.
    package internal(set) var isComplete = false
    package internal(set) var lists = 0
    package internal(set) var watches = 0
    package internal(set) var events = 0
    package internal(set) var failures = 0
    /// When something was last heard.
    package internal(set) var lastHeard: ContinuousClock.Instant?
    /// What went wrong last; `nil` once all is well again.
    package internal(set) var problem: FeedProblem?
    /// Objects that could not be read, and why.
    package internal(set) var unreadable: [ObjectName: String] = [:]
    /// The Services that they belong to; `nil` for an object that does not tell.
    package internal(set) var unreadableServices: [ObjectName: ObjectName?] = [:]
}

/// An object that cannot be read.
package struct UnreadableObject: Hashable, Sendable {
    /// `Service` or `EndpointSlice`.
    package let kind: String
    package let name: ObjectName
    /// The Service that it belongs to; `nil` where it does not tell.
    package let service: ObjectName?

    package init(kind: String, name: ObjectName, service: ObjectName?) {
        self.kind = kind
        self.name = name
        self.service = service
    }
}
