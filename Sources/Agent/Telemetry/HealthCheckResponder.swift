internal import Documents
package import HTTPService

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
