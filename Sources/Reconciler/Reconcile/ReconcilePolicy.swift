/// How changes are made: how long connections may last, and how much may go at once.
package struct ReconcilePolicy: Hashable, Sendable {
    /// Seconds that a leaving real server keeps its connections; 0 removes it at once.
    package var drainTimeout: UInt32
    /// `nil` lets any number go.
    package var removalGuard: RemovalGuard?
    /// Services of which nothing is removed, for nobody knows what they want.
    package var heldServices = HeldServices()
    /// How many real servers one sync moves for the sake of their order; the rest waits for the next one.
    package var movesAtOnce = Int.max
    /// Whether the agent keeps the kernel's settings: then one that it turns off for a moment comes back whatever happens.
    package var keepsSettings = false

    package init(drainTimeout: UInt32 = 900, removalGuard: RemovalGuard? = RemovalGuard()) {
        self.drainTimeout = drainTimeout
        self.removalGuard = removalGuard
    }
}

/// Services of which nobody knows what they want, by the names of their virtual servers: `namespace/name` or
/// `namespace/name:port`.
package struct HeldServices: Hashable, Sendable {
    /// `namespace/name`.
    package var services: Set<String>
    /// Namespaces of which no Service is known for sure.
    package var namespaces: Set<String>

    package init(services: Set<String> = [], namespaces: Set<String> = []) {
        self.services = services
        self.namespaces = namespaces
    }

    package var isEmpty: Bool { services.isEmpty && namespaces.isEmpty }

    /// Whether a virtual server of that name belongs to one of them.
    func contains(_ name: String?) -> Bool {
        guard !isEmpty, let name, let slash = name.firstIndex(of: "/") else { return false }
        return services.contains(String(name.prefix { $0 != ":" })) || namespaces.contains(String(name[..<slash]))
    }
}

/// How much of what is ours may go in one sync before it looks like a mistake.
package struct RemovalGuard: Hashable, Sendable {
    /// A share from 0 to 1.
    package var share: Double
    /// So many may always go, whatever their share.
    package var minimum: Int
    /// Whether nothing at all may be wanted; else all that is ours stays, however little it is.
    package var allowsNone: Bool

    package init(share: Double = 0.5, minimum: Int = 10, allowsNone: Bool = true) {
        self.share = share
        self.minimum = minimum
        self.allowsNone = allowsNone
    }

    /// Whether that many of a total are too many.
    package func holds(_ count: Int, of total: Int) -> Bool {
        count > minimum && Double(count) > share * Double(total)
    }
}
