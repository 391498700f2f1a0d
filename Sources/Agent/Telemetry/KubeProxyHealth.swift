internal import Documents
internal import Glibc
package import HTTPService
internal import LoadBalancing

/// Answers what load balancers and probes ask a kube-proxy, as kube-proxy 1.36 answers it
/// (`pkg/proxy/healthcheck/proxy_health.go` in Kubernetes, KEP-3836).
package struct KubeProxyHealth: Sendable {
    private let board: StatusBoard
    private let now: @Sendable () -> WallTime

    package init(_ board: StatusBoard, now: @escaping @Sendable () -> WallTime = { .now }) {
        self.board = board
        self.now = now
    }

    /// `/healthz`: whether the node takes new connections. `/livez`: whether the agent does its work.
    package func respond(to request: HTTPRequest) -> HTTPResponse {
        let snapshot = board.current
        let health = Health(snapshot)
        switch request.path {
        case "/healthz":
            let isWell = health.isReady && health.isHealthy
            let answer = answer(snapshot, isWell, isEligible: snapshot.isNodeEligible)
            board.countKubeProxyAnswer(.healthz, answer.status)
            return answer
        case "/livez":
            // As kube-proxy's: it starts, or it keeps up.
            let answer = answer(snapshot, health.isLive && health.doesSync, isEligible: nil)
            board.countKubeProxyAnswer(.livez, answer.status)
            return answer
        default: return .goNotFound
        }
    }

    /// - Parameter isEligible: Whether the node may get new connections; `nil` where that does not count.
    private func answer(_ snapshot: AgentSnapshot, _ isWell: Bool, isEligible: Bool?) -> HTTPResponse {
        let isFine = isWell && isEligible ?? true
        let current = now()
        let updates = AddressFamily.allCases.map { snapshot.metrics.kubeProxy[$0].lastSync }
        // A kube-proxy that is well says that it is so as of now.
        let updated = isFine ? current : updates.compactMap(\.self).max() ?? WallTime(seconds: Self.never)
        var members: [Document.Member] = [
            .init("lastUpdated", .string(updated.goDescription)),
            .init("currentTime", .string(current.goDescription)),
        ]
        if let isEligible { members.append(.init("nodeEligible", .bool(isEligible))) }
        members.append(.init("healthy", .bool(isWell)))
        var families: [Document.Member] = []
        for (family, update) in zip(AddressFamily.allCases, updates) {
            guard let update else { continue }
            families.append(
                .init(
                    family.label,
                    ["lastUpdated": .string(update.goDescription), "healthy": .bool(isWell)]))
        }
        members.append(.init("status", .mapping(families)))
        var response = HTTPResponse.json(Document.mapping(members).json(pretty: false), status: isFine ? 200 : 503)
        response.headers.append(Self.noSniffing)
        return response
    }

    /// Go's zero time: the first of January of the year 1.
    private static let never = -62_135_596_800.0

    static let noSniffing = ("X-Content-Type-Options", "nosniff")
}

extension HTTPResponse {
    /// What a Go program answers where there is nothing.
    static var goNotFound: HTTPResponse {
        var response = text("404 page not found\n", status: 404)
        response.headers.append(KubeProxyHealth.noSniffing)
        return response
    }

    /// A short text that no browser takes for anything else.
    static func goText(_ text: String) -> HTTPResponse {
        var response = HTTPResponse.text(text)
        response.headers.append(KubeProxyHealth.noSniffing)
        return response
    }
}

extension WallTime {
    /// RFC 3339 in UTC with as many digits behind the point as there are, as Go writes it: `2026-01-31T23:59:59.1235Z`.
    var goDescription: String {
        // A `Double` holds microseconds of this century, and no more.
        let whole = ((seconds * 1e6).rounded() / 1e6).rounded(.down)
        let micros = Int(((seconds - whole) * 1e6).rounded())
        var digits = Array(("000000" + "\(micros)").utf8.suffix(6))
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let date = WallTime(seconds: whole).description.prefix { $0 != "." }
        return date + (digits.isEmpty ? "" : "." + String(decoding: digits, as: UTF8.self)) + "Z"
    }
}
