internal import Agent
internal import Configuration
internal import Glibc
internal import HTTPService
internal import IPVS
internal import KubernetesObjects
internal import LoadBalancing
internal import Logging
internal import Netlink
internal import ServiceTranslation
internal import Telemetry

/// What answers questions about an agent: a port for metrics and health, a socket for `ipvsync status`, the health
/// check ports of Services, and where a kube-proxy would be asked. Each has a thread of its own, and a bounded number of descriptors. What cannot be served is
/// told of, and keeps nothing else from working.
final class TelemetryServers {
    private let board: StatusBoard
    private let socket: String
    private let desk: OverrideDesk
    private let log: Logger
    private var settings: Settings?
    private var port: HTTPServer?
    private var local: HTTPServer?
    private var kubeProxyHealth: HTTPServer?
    private var kubeProxyMetrics: HTTPServer?
    private var healthChecks: HTTPServer?
    private var traffic = TrafficCache { nil }
    private let report: HealthCheckReport
    private let budget: DescriptorBudget
    private var declared: [UInt16: HealthCheck] = [:]
    /// Whether these are served as far as they can be.
    private var isServed = true
    /// When what could not be served is tried again; `nil` when all is served.
    private var retryTime: ContinuousClock.Instant?
    private var retryDelay = TelemetryServers.firstDelay
    private static let firstDelay = Duration.seconds(1)
    private static let longestDelay = Duration.seconds(8)

    /// What the servers are made by.
    private struct Settings: Equatable {
        let listen: ListeningPlace?
        let kubeProxy: KubeProxyPlaces?
        let trafficLimit: Int

        /// Whether the agent's own metrics and those of a kube-proxy are served at one place.
        var sharesMetrics: Bool { listen != nil && listen == kubeProxy?.metrics }
    }

    init(_ board: StatusBoard, _ budget: DescriptorBudget, store: LedgerStore, desk: OverrideDesk, log: Logger) {
        self.desk = desk
        self.board = board
        self.budget = budget
        self.log = log
        report = HealthCheckReport(board, limit: budget.limit, log: log)
        socket = store.socketPath
    }

    /// Serves as the settings say from here on.
    func use(_ agent: AgentSettings) {
        let next = Settings(listen: agent.listen, kubeProxy: agent.kubeProxy, trafficLimit: agent.trafficLimit)
        guard next != settings else { return }
        settings = next
        let (board, limit) = (board, next.trafficLimit)
        traffic = TrafficCache { Self.traffic(board, limit) }
        // The old one first: the new one may want its port.
        port = nil
        local = nil
        kubeProxyHealth = nil
        kubeProxyMetrics = nil
        retryDelay = Self.firstDelay
        serveMissing(next, isFirst: true)
    }

    private func serveMissing(_ settings: Settings, isFirst: Bool) {
        let own = responder(settings.trafficLimit)
        let local = responder(settings.trafficLimit, overrides: OverrideResponder(desk, user: geteuid()))
        if port == nil, let place = settings.listen {
            let shared = KubeProxyMetricsResponder(board, own: own)
            port = start(
                .tcp(place), "metrics and health", 0, budget.telemetry, isFirst,
                settings.sharesMetrics ? shared.respond : own.respond)
        }
        if self.local == nil {
            self.local = start(.unix(path: socket), "ipvsync status", 1, budget.local, isFirst, local.respond)
        }
        if kubeProxyHealth == nil, let place = settings.kubeProxy?.healthz {
            kubeProxyHealth = start(
                .tcp(place), "kube-proxy's health checks", 3, budget.kubeProxy, isFirst, KubeProxyHealth(board).respond)
        }
        let metricsPlace = settings.sharesMetrics ? nil : settings.kubeProxy?.metrics
        if kubeProxyMetrics == nil, let place = metricsPlace {
            kubeProxyMetrics = start(
                .tcp(place), "kube-proxy's metrics", 4, budget.kubeProxy, isFirst,
                KubeProxyMetricsResponder(board, own: nil).respond)
        }
        let isWhole =
            self.local != nil && (port != nil || settings.listen == nil)
            && (kubeProxyHealth != nil || settings.kubeProxy?.healthz == nil)
            && (kubeProxyMetrics != nil || metricsPlace == nil)
        retryTime = isWhole ? nil : .now + retryDelay
        retryDelay = min(retryDelay * 2, Self.longestDelay)
    }

    private func responder(_ trafficLimit: Int, overrides: OverrideResponder? = nil) -> TelemetryResponder {
        let traffic = traffic
        return TelemetryResponder(
            board, trafficLimit: trafficLimit, bootSeconds: { BootClock().seconds }, traffic: traffic.current,
            overrides: overrides)
    }

    /// Serves the health check ports of these Services, as far as there are descriptors for them, and no others.
    func serve(_ checks: [UInt16: HealthCheck]) {
        guard checks != declared || !isServed else { return }
        declared = checks
        serveDeclared()
    }

    /// Serves these ports otherwise than before; `nil` for one that is not to be served any more.
    func serve(changed checks: [UInt16: HealthCheck?]) {
        guard !checks.isEmpty || !isServed else { return }
        var areSamePorts = isServed
        for (port, check) in checks {
            areSamePorts = areSamePorts && declared[port]?.service == check?.service
            declared[port] = check
        }
        guard areSamePorts else { return serveDeclared() }
        // Endpoints come and go far more often than ports.
        for (port, check) in checks { board.setHealthCheck(check.map(HealthCheckCount.init), on: port) }
    }

    private func serveDeclared() {
        isServed = true
        let counts = declared.mapValues(HealthCheckCount.init)
        board.setHealthChecks(counts)
        let served = HealthCheckPorts.share(budget.healthCheckPorts, among: counts)
        report.use(counts, served)
        do throws(HTTPServiceError) {
            if healthChecks == nil, !declared.isEmpty {
                let responder = HealthCheckResponder(board)
                healthChecks = try HTTPServer(
                    .ports(addresses: nil), limits: budget.healthChecks, figures: board.servers[2].figures,
                    problems: report.add, handler: responder.respond)
            }
            healthChecks?.listen(on: served)
        } catch {
            log.warning("health check ports are not served", metadata: ["detail": "\(error)"])
            isServed = false
        }
    }

    /// Listens at places that were another's before.
    func listenAgain(now: ContinuousClock.Instant) {
        if let settings, let retryTime, retryTime <= now { serveMissing(settings, isFirst: false) }
    }

    /// - Parameter isFirst: Whether a failure is news; else success is.
    private func start(
        _ listener: HTTPServer.Listener, _ what: String, _ figures: Int, _ limits: HTTPServer.Limits,
        _ isFirst: Bool, _ handler: @escaping HTTPServer.Handler
    ) -> HTTPServer? {
        do throws(HTTPServiceError) {
            let server = try HTTPServer(
                listener, limits: limits, figures: board.servers[figures].figures,
                slowKey: TelemetryResponder.slowKey, handler: handler)
            if !isFirst { log.info("\(what) are served after all") }
            return server
        } catch {
            if isFirst { log.warning("\(what) are not served", metadata: ["detail": "\(error)"]) }
            return nil
        }
    }

    /// What the kernel has counted of our virtual servers, read over a socket of its own: no question holds up a sync.
    ///
    /// Each is asked for by itself, so it costs as much as there is of ours, up to the limit, whatever others have.
    private static func traffic(_ board: StatusBoard, _ limit: Int) -> TrafficMetrics? {
        guard let owned = board.ownedVirtualServers(atMost: limit) else { return nil }
        do throws(NetlinkError) {
            let client = try IPVSClient()
            var servers: [ObservedVirtualServer] = []
            var left = limit
            for key in owned.keys.sorted() {
                guard var server = try client.virtualServer(key, statistics: true) else { continue }
                server.realServers = try client.realServers(of: key, statistics: true)
                left -= server.realServers.count
                // More than the last sync left there.
                guard left >= 0 else { return nil }
                servers.append(server)
            }
            return TrafficMetrics(servers, owned: owned)
        } catch {
            return nil
        }
    }
}

extension HTTPServer.Listener {
    fileprivate static func tcp(_ place: ListeningPlace) -> Self { .tcp(address: place.address, port: place.port) }
}

extension HealthCheckCount {
    fileprivate init(_ check: HealthCheck) {
        self.init(namespace: check.service.namespace, name: check.service.name, localEndpoints: check.localEndpoints)
    }
}
