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
    /// The Services that they belong to.
    package internal(set) var held = HeldServices()
}

/// Services of which an object cannot be read, so that nobody knows what they want.
///
/// An object that cannot be read stays as it was. After a restart nobody knows how it was: what is programmed for such
/// a Service stays as well, its virtual servers and their destinations, until the object can be read or is gone.
package struct HeldServices: Hashable, Sendable {
    /// How many objects cannot be read, by the Service that they belong to.
    private var services: [ObjectName: Int] = [:]
    /// How many cannot be read and do not tell their Service, by namespace.
    private var namespaces: [String: Int] = [:]
    /// The Service of each object; `nil` when it is unknown.
    private var owners: [ObjectName: ObjectName?] = [:]

    package init() {}

    package var isEmpty: Bool { owners.isEmpty }

    /// Whether nothing of a Service may be removed now.
    package func contains(_ service: ObjectName) -> Bool {
        services[service] != nil || namespaces[service.namespace] != nil
    }

    /// Notes an object that cannot be read.
    ///
    /// - Parameter service: The name of its Service; `nil` holds every Service of its namespace.
    mutating func hold(_ object: ObjectName, service: String?) {
        release(object)
        let owner = service.map { ObjectName(namespace: object.namespace, name: $0) }
        owners.updateValue(owner, forKey: object)
        if let owner { services[owner, default: 0] += 1 } else { namespaces[object.namespace, default: 0] += 1 }
    }

    /// Notes that an object can be read, or is gone.
    mutating func release(_ object: ObjectName) {
        guard let owner = owners.removeValue(forKey: object) else { return }
        if let owner {
            services[owner] = services[owner].flatMap { $0 > 1 ? $0 - 1 : nil }
        } else {
            namespaces[object.namespace] = namespaces[object.namespace].flatMap { $0 > 1 ? $0 - 1 : nil }
        }
    }
}
