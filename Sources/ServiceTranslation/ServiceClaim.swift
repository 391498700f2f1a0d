import KubernetesObjects

/// A Service that wants an address or a port; the smallest one gets it: the oldest, then the first by name.
struct ServiceClaim: Hashable, Sendable, Comparable {
    let creationTimestamp: String
    let service: ObjectName

    init(_ service: TranslatedService) {
        creationTimestamp = service.creationTimestamp
        self.service = service.name
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.creationTimestamp, left.service) < (right.creationTimestamp, right.service)
    }
}
