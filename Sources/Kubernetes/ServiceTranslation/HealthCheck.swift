package import KubernetesObjects

/// What a load balancer is told at the `healthCheckNodePort` of a Service: whether this node has endpoints of it.
package struct HealthCheck: Hashable, Sendable {
    package let service: ObjectName
    package let port: UInt16
    /// Its ready endpoints on this node, each Pod counted once; with none, the node is to get no traffic.
    package let localEndpoints: Int

    package init(service: ObjectName, port: UInt16, localEndpoints: Int) {
        self.service = service
        self.port = port
        self.localEndpoints = localEndpoints
    }
}

/// Two Services that want the same health check node port.
package struct HealthCheckConflict: Hashable, Sendable, Comparable {
    package let port: UInt16
    package let winner: ObjectName
    package let loser: ObjectName

    package static func < (left: Self, right: Self) -> Bool {
        (left.port, left.winner, left.loser) < (right.port, right.winner, right.loser)
    }
}
