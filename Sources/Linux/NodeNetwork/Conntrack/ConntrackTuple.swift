package import LoadBalancing

/// One direction of a tracked connection.
package struct ConntrackTuple: Hashable, Sendable {
    package let source: Endpoint
    package let destination: Endpoint

    package init(source: Endpoint, destination: Endpoint) {
        self.source = source
        self.destination = destination
    }
}
