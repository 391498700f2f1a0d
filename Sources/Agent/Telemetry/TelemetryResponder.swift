internal import Agent
internal import Documents
package import HTTPService
internal import HealthChecks

/// Answers what is asked of an agent: metrics, health and status.
package struct TelemetryResponder: Sendable {
    /// What the kernel has counted; `nil` when it cannot be read, or is too much. Only slow answers ask.
    package typealias Traffic = @Sendable () -> TrafficMetrics?

    private let board: StatusBoard
    private let trafficLimit: Int
    private let bootSeconds: @Sendable () -> UInt64
    private let traffic: Traffic
    /// Takes orders; `nil` where none are taken.
    private let overrides: OverrideResponder?

    /// - Parameters:
    ///   - trafficLimit: Real servers above which nothing is told of single ones.
    ///   - bootSeconds: The clock of the ledger's drains.
    ///   - overrides: Takes orders; `nil` where none are taken.
    package init(
        _ board: StatusBoard, trafficLimit: Int, bootSeconds: @escaping @Sendable () -> UInt64,
        traffic: @escaping Traffic, overrides: OverrideResponder? = nil
    ) {
        self.overrides = overrides
        self.board = board
        self.trafficLimit = trafficLimit
        self.bootSeconds = bootSeconds
        self.traffic = traffic
    }

    package func respond(to request: HTTPRequest) -> HTTPResponse {
        if request.method == .post {
            guard let overrides, request.path == OverrideResponder.path else {
                return .text("nothing can be changed here\n", status: 405)
            }
            return overrides.respond(to: request)
        }
        switch request.path {
        case "/metrics":
            let format = ExpositionFormat(accept: request.accept)
            return HTTPResponse(headers: [("Content-Type", format.contentType)], body: Array(metrics(format).utf8))
        case "/healthz": return answer(\.isHealthy)
        case "/livez": return answer(\.isLive)
        case "/readyz": return answer { $0.isReady && $0.isHealthy }
        case "/status":
            let number = Self.changesAfter(request)
            return .json(board.current.document(bootSeconds: bootSeconds(), changesAfter: number).json())
        case "/": return .text("ipvsync: /metrics /healthz /livez /readyz /status\n")
        default: return .text("not found: see /\n", status: 404)
        }
    }

    /// What takes long: it walks everything, or asks the kernel. `nil` for probes.
    package static func slowKey(_ request: HTTPRequest) -> String? {
        if request.method == .post {
            // It waits for the agent's loop. Nobody shares the answer of another process.
            let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return "order \(request.peer?.user ?? 0) \(request.peer?.process ?? 0) \(query.joined(separator: "&"))"
        }
        return switch request.path {
        case "/metrics": "metrics \(ExpositionFormat(accept: request.accept))"
        case "/status": "status \(changesAfter(request))"
        default: nil
        }
    }

    private static func changesAfter(_ request: HTTPRequest) -> UInt64 {
        request.query["after"].flatMap { UInt64($0) } ?? 0
    }

    private func answer(_ isWell: (Health) -> Bool) -> HTTPResponse {
        let health = Health(board.current)
        return .json(health.document.json(), status: isWell(health) ? 200 : 503)
    }

    func metrics(_ format: ExpositionFormat) -> String {
        let snapshot = board.current
        var text = Exposition(format)
        text.begin("ipvsync_build_info", .gauge, "The version, in a label.")
        text.sample("ipvsync_build_info", [("version", snapshot.identity.version)], 1)
        snapshot.metrics.write(to: &text)
        snapshot.writeState(to: &text)
        snapshot.checks.metrics.write(to: &text, snapshot.checks.verdicts, limit: trafficLimit)
        snapshot.checks.hooks.write(to: &text)
        (snapshot.checks.verdicts?.overrides ?? Overrides()).write(to: &text, limit: trafficLimit)
        let servers = snapshot.metrics.counts.ours.realServers
        let figures = servers <= trafficLimit && trafficLimit > 0 ? traffic() : nil
        text.single(
            "ipvsync_traffic_metrics_enabled", .gauge,
            "Whether virtual and real servers are told of one by one: not above the limit, nor without the kernel's word.",
            figures == nil ? 0 : 1)
        text.single(
            "ipvsync_traffic_metrics_limit", .gauge,
            "Real servers above which nothing is told of one by one.", trafficLimit)
        figures?.write(to: &text)
        VirtualServerInfo.write(to: &text, board.ownedVirtualServers(atMost: VirtualServerInfo.limit))
        snapshot.metrics.kubeProxy.write(to: &text, answers: board.count)
        KernelTraffic()?.write(to: &text)
        text.single(
            "ipvsync_log_lines_lost_total", .counter,
            "Log lines that nobody will read: their reader was too slow or gone.",
            LogWriter.standardError.lost)
        HTTPMetrics.write(to: &text, board.servers)
        ProcessMetrics.write(to: &text, started: snapshot.identity.started)
        return text.text
    }
}
