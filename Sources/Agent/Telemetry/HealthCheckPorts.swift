internal import Documents
package import HTTPService

/// Which health check ports are served, and why others are not.
package struct HealthCheckPorts: Hashable, Sendable {
    /// How many are listened on.
    package var served = 0
    /// Each that is not, with its Service and the reason.
    package var unserved: [String] = []

    package init(served: Int = 0, unserved: [String] = []) {
        self.served = served
        self.unserved = unserved
    }

    /// Shares the descriptors that there are for health check ports among namespaces: each gets its first port before
    /// another gets its second. So no tenant takes the ports of others.
    ///
    /// Costs nothing while there are enough.
    ///
    /// - Returns: The ports that are to be served.
    package static func share(_ budget: Int, among checks: [UInt16: HealthCheckCount]) -> Set<UInt16> {
        guard checks.count > budget else { return Set(checks.keys) }
        var turns: [String: Int] = [:]
        let ports = checks.sorted { $0.key < $1.key }.map { port, check in
            turns[check.namespace, default: 0] += 1
            return (port: port, turn: turns[check.namespace, default: 0])
        }
        return Set(ports.sorted { ($0.turn, $0.port) < ($1.turn, $1.port) }.prefix(max(0, budget)).map(\.port))
    }
}

/// Answers on the health check node ports of Services (`pkg/proxy/healthcheck` in Kubernetes): a load balancer outside
/// asks there whether this node has an endpoint.
package struct HealthCheckResponder: Sendable {
    private let board: StatusBoard

    package init(_ board: StatusBoard) { self.board = board }

    package func respond(to request: HTTPRequest) -> HTTPResponse {
        guard let count = request.localPort.flatMap({ board.healthCheck(on: $0) }) else {
            return .text("no Service\n", status: 404)
        }
        let isHealthy = Health(board.current).isHealthy
        let document: Document = [
            "service": ["namespace": .string(count.namespace), "name": .string(count.name)],
            "localEndpoints": .integer(Int64(count.localEndpoints)), "serviceProxyHealthy": .bool(isHealthy),
        ]
        var response = HTTPResponse.json(
            document.json(), status: count.localEndpoints > 0 && isHealthy ? 200 : 503)
        response.headers += [
            ("X-Content-Type-Options", "nosniff"), ("X-Load-Balancing-Endpoint-Weight", "\(count.localEndpoints)"),
        ]
        return response
    }
}
