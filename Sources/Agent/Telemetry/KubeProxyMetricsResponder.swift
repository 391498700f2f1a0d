package import HTTPService

/// Answers what scrapers ask a kube-proxy at the address of its metrics, as kube-proxy 1.36 answers it
/// (`serveMetrics` in `cmd/kube-proxy/app/server.go` in Kubernetes).
package struct KubeProxyMetricsResponder: Sendable {
    private let board: StatusBoard
    private let own: TelemetryResponder?

    /// - Parameter own: What answers all else, where kube-proxy's metrics and the agent's own are served at one place;
    ///   `nil` where only kube-proxy's are.
    package init(_ board: StatusBoard, own: TelemetryResponder?) {
        self.board = board
        self.own = own
    }

    package func respond(to request: HTTPRequest) -> HTTPResponse {
        switch request.path {
        case "/healthz": .goText("ok")
        case "/proxyMode": .goText("ipvs")
        case "/metrics": metrics(ExpositionFormat(accept: request.accept))
        default: own?.respond(to: request) ?? .goNotFound
        }
    }

    private func metrics(_ format: ExpositionFormat) -> HTTPResponse {
        let started = board.current.identity.started
        let type = format == .text ? "\(format.contentType); escaping=underscores" : format.contentType
        let body = own?.metrics(format) ?? metrics(format, started)
        return HTTPResponse(
            headers: [("Content-Type", type), ("Process-Start-Time-Unix", "\(Int(started.seconds))")],
            body: Array(body.utf8))
    }

    /// What kube-proxy counts, and nothing else: where both are scraped, the agent's own series come once.
    private func metrics(_ format: ExpositionFormat, _ started: WallTime) -> String {
        var text = Exposition(format)
        board.current.metrics.kubeProxy.write(to: &text, answers: board.count)
        ProcessMetrics.write(to: &text, started: started)
        return text.text
    }
}
