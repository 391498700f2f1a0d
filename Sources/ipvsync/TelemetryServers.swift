internal import Agent
internal import Glibc
internal import HTTPService
internal import IPVS
internal import KubernetesObjects
internal import LoadBalancing
internal import Logging
internal import Netlink
internal import ServiceTranslation
internal import Telemetry

/// What answers questions about an agent: a port for metrics and health, a socket for `ipvsync status`, and the health
/// check ports of Services. What cannot be served is told of, and keeps nothing else from working.
final class TelemetryServers {
    private let board: StatusBoard
    private let store: LedgerStore
    private let socket: String
    private let log: Logger
    private var settings: Settings?
    private var port: HTTPServer?
    private var local: HTTPServer?
    private var healthChecks: HTTPServer?
    private var listeners: PortListeners?
    private var served: [UInt16: HealthCheck] = [:]
    private var problems: Set<PortProblem> = []
    /// When what could not be served is tried again; `nil` when all is served.
    private var retryTime: ContinuousClock.Instant?
    private static let retryDelay = Duration.seconds(5)

    /// What the servers are made by.
    private struct Settings: Equatable {
        let listen: Endpoint?
        let trafficLimit: Int
    }

    init(_ board: StatusBoard, store: LedgerStore, log: Logger) {
        self.board = board
        self.store = store
        self.log = log
        socket = store.socketPath
    }

    /// The descriptor that says when somebody asks on a health check port.
    var descriptor: Int32? { listeners?.descriptor }

    /// Serves as the settings say from here on.
    func use(_ agent: AgentSettings) {
        let next = Settings(listen: agent.listen, trafficLimit: agent.trafficLimit)
        guard next != settings else { return }
        settings = next
        // The old one first: the new one may want its port.
        port = nil
        local = nil
        serveMissing(next, isFirst: true)
    }

    private func serveMissing(_ settings: Settings, isFirst: Bool) {
        if port == nil, let endpoint = settings.listen {
            let listener = HTTPServer.Listener.tcp(address: endpoint.address, port: endpoint.port)
            port = start(listener, "metrics and health", settings.trafficLimit, isFirst)
        }
        if local == nil { local = start(.unix(path: socket), "ipvsync status", settings.trafficLimit, isFirst) }
        let isWhole = local != nil && (port != nil || settings.listen == nil)
        retryTime = isWhole ? nil : .now + Self.retryDelay
    }

    /// Listens on the health check ports of these Services, and no others.
    func serve(_ checks: [UInt16: HealthCheck]) {
        guard checks != served else { return }
        served = checks
        board.setHealthChecks(
            checks.mapValues { check in
                HealthCheckCount(
                    namespace: check.service.namespace, name: check.service.name, localEndpoints: check.localEndpoints)
            })
        listen()
    }

    /// Listens on ports that were another's before.
    func listenAgain() {
        if !problems.isEmpty { listen() }
        if let settings, let retryTime, retryTime <= .now { serveMissing(settings, isFirst: false) }
    }

    private func listen() {
        do throws(HTTPServiceError) {
            let responder = HealthCheckResponder(board)
            if healthChecks == nil { healthChecks = try HTTPServer(.handedOver) { responder.respond(to: $0) } }
            if listeners == nil { listeners = try PortListeners() }
            let found = Set(listeners?.use(Set(served.keys)) ?? [])
            for problem in found.subtracting(problems) {
                log.warning("health check port is not served", metadata: ["detail": "\(problem)"])
            }
            problems = found
        } catch {
            log.warning("health check ports are not served", metadata: ["detail": "\(error)"])
        }
    }

    /// Hands over those who ask on health check ports.
    func acceptPending() {
        guard let listeners, let healthChecks else { return }
        listeners.acceptPending { healthChecks.take($0) }
    }

    /// - Parameter isFirst: Whether a failure is news; else success is.
    private func start(
        _ listener: HTTPServer.Listener, _ what: String, _ trafficLimit: Int, _ isFirst: Bool
    ) -> HTTPServer? {
        let store = store
        let responder = TelemetryResponder(
            board, trafficLimit: trafficLimit, bootSeconds: { BootClock().seconds }, traffic: { Self.traffic(store) })
        do throws(HTTPServiceError) {
            let server = try HTTPServer(listener) { responder.respond(to: $0) }
            if !isFirst { log.info("\(what) are served after all") }
            return server
        } catch {
            if isFirst { log.warning("\(what) are not served", metadata: ["detail": "\(error)"]) }
            return nil
        }
    }

    /// What the kernel has counted, read over a socket of its own: no question holds up a sync.
    private static func traffic(_ store: LedgerStore) -> TrafficMetrics? {
        do {
            let observed = try IPVSClient().state(statistics: true)
            return TrafficMetrics(observed, ledger: try store.load().ledger)
        } catch {
            return nil
        }
    }
}
