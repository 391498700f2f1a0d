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
/// check ports of Services. Each has a thread of its own, and a bounded number of descriptors. What cannot be served is
/// told of, and keeps nothing else from working.
final class TelemetryServers {
    private let board: StatusBoard
    private let socket: String
    private let desk: OverrideDesk
    private let log: Logger
    private var settings: Settings?
    private var port: HTTPServer?
    private var local: HTTPServer?
    private var healthChecks: HTTPServer?
    private var traffic = TrafficCache { nil }
    private let report: HealthCheckReport
    private let budget: DescriptorBudget
    private var declared: [UInt16: HealthCheck] = [:]
    /// Whether these are served as far as they can be.
    private var isServed = true
    /// When what could not be served is tried again; `nil` when all is served.
    private var retryTime: ContinuousClock.Instant?
    private static let retryDelay = Duration.seconds(5)

    /// What the servers are made by.
    private struct Settings: Equatable {
        let listen: Endpoint?
        let trafficLimit: Int
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
        let next = Settings(listen: agent.listen, trafficLimit: agent.trafficLimit)
        guard next != settings else { return }
        settings = next
        let (board, limit) = (board, next.trafficLimit)
        traffic = TrafficCache { Self.traffic(board, limit) }
        // The old one first: the new one may want its port.
        port = nil
        local = nil
        serveMissing(next, isFirst: true)
    }

    private func serveMissing(_ settings: Settings, isFirst: Bool) {
        if port == nil, let endpoint = settings.listen {
            let listener = HTTPServer.Listener.tcp(address: endpoint.address, port: endpoint.port)
            port = start(listener, "metrics and health", 0, budget.telemetry, settings.trafficLimit, isFirst)
        }
        if local == nil {
            local = start(.unix(path: socket), "ipvsync status", 1, budget.local, settings.trafficLimit, isFirst)
        }
        let isWhole = local != nil && (port != nil || settings.listen == nil)
        retryTime = isWhole ? nil : .now + Self.retryDelay
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
    func listenAgain() {
        if let settings, let retryTime, retryTime <= .now { serveMissing(settings, isFirst: false) }
    }

    /// - Parameter isFirst: Whether a failure is news; else success is.
    private func start(
        _ listener: HTTPServer.Listener, _ what: String, _ figures: Int, _ limits: HTTPServer.Limits,
        _ trafficLimit: Int, _ isFirst: Bool
    ) -> HTTPServer? {
        let traffic = traffic
        let responder = TelemetryResponder(
            board, trafficLimit: trafficLimit, bootSeconds: { BootClock().seconds }, traffic: traffic.current,
            overrides: listener == .unix(path: socket) ? OverrideResponder(desk, user: geteuid()) : nil)
        do throws(HTTPServiceError) {
            let server = try HTTPServer(
                listener, limits: limits, figures: board.servers[figures].figures,
                slowKey: TelemetryResponder.slowKey, handler: responder.respond)
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

extension HealthCheckCount {
    fileprivate init(_ check: HealthCheck) {
        self.init(namespace: check.service.namespace, name: check.service.name, localEndpoints: check.localEndpoints)
    }
}
