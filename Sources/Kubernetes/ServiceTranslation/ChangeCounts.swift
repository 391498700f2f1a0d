package import LoadBalancing

/// How many changes of objects have come since the beginning; an object that is told again as it was is none.
package struct ChangeCounts: Hashable, Sendable {
    package internal(set) var services: UInt64 = 0
    /// Of EndpointSlices.
    package internal(set) var endpoints: UInt64 = 0

    package init(services: UInt64 = 0, endpoints: UInt64 = 0) {
        self.services = services
        self.endpoints = endpoints
    }
}

/// When something happened in the cluster that had a slice changed: a Pod became ready, or a Service got a port.
package struct ChangeTrigger: Hashable, Sendable {
    /// Of the slice.
    package let family: AddressFamily
    /// Since 1970, by the clock of the control plane.
    package let seconds: Double

    package init(family: AddressFamily, seconds: Double) {
        self.family = family
        self.seconds = seconds
    }
}

/// How many Services want endpoints of this node and have them on other nodes alone, by family and by the traffic that
/// this is about.
package struct LocalLack: Hashable, Sendable {
    /// Which traffic policy is Local.
    package enum Policy: String, Hashable, Sendable, CaseIterable {
        case external, `internal`
    }

    private var counts = [Int](repeating: 0, count: 4)

    package init() {}

    package subscript(family: AddressFamily, policy: Policy) -> Int { counts[Self.index(family, policy)] }

    /// Takes a Service's lack in the place of what it lacked before.
    mutating func replace(_ previous: Marks, with next: Marks) {
        for index in counts.indices {
            counts[index] += (next.bits >> index & 1) - (previous.bits >> index & 1)
        }
    }

    private static func index(_ family: AddressFamily, _ policy: Policy) -> Int {
        Int(family.rawValue) * 2 + (policy == .internal ? 1 : 0)
    }

    /// What one Service lacks.
    struct Marks: Hashable, Sendable {
        fileprivate var bits = 0

        mutating func insert(_ family: AddressFamily, _ policy: Policy) { bits |= 1 << LocalLack.index(family, policy) }
    }
}
