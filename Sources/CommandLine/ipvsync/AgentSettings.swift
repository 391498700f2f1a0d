internal import Agent
internal import Configuration
internal import Glibc
internal import HealthChecks
internal import LoadBalancing
internal import Logging
internal import Reconcile
internal import Telemetry

/// How an agent works: what the command line says, else the configuration, else the standard.
struct AgentSettings {
    let timing: Reconciler.Timing
    let drift: DriftPolicy
    let cleansUpOnExit: Bool
    /// Where metrics and health are served; `nil` for nowhere.
    let listen: ListeningPlace?
    /// Where it answers as a kube-proxy does.
    let kubeProxy: KubeProxyPlaces?
    /// Whether owners of Services are told in Events.
    let tellsEvents: Bool
    let trafficLimit: Int
    let servesHealthChecks: Bool
    let hooks: HookSettings?
    let logFormat: LineLogHandler.Format
    let logLevel: Logger.Level

    init(_ options: AgentOptions, _ settings: Settings) {
        var timing = Reconciler.Timing()
        timing.verification = .seconds(
            options.syncInterval ?? Int(settings.syncInterval ?? Settings.standardSyncInterval))
        timing.audit = .seconds(Int(settings.auditInterval ?? Settings.standardAuditInterval))
        timing.minimum = .milliseconds(Int(settings.minSyncInterval ?? Settings.standardMinSyncInterval))
        self.timing = timing
        drift =
            options.drift
            ?? DriftPolicy(rawValue: (settings.drift ?? .standard).rawValue) ?? .repair
        cleansUpOnExit = options.cleanupOnExit ?? settings.cleanupOnExit ?? Settings.standardCleanupOnExit
        let telemetry = (settings.telemetry ?? .standard).options
        listen =
            switch options.listen {
            case .off: nil
            case .on(let endpoint): endpoint
            case nil: telemetry?.listen
            }
        kubeProxy = telemetry?.kubeProxy
        tellsEvents = telemetry?.events ?? false
        trafficLimit = Int(telemetry?.trafficLimit ?? Settings.standardTrafficLimit)
        servesHealthChecks = telemetry?.healthCheckNodePorts ?? false
        hooks = settings.hooks
        let logging = settings.logging ?? LoggingSettings()
        logFormat =
            switch options.logFormat?.rawValue ?? logging.format.rawValue {
            case "text": .text
            case "json": .json
            default: isatty(STDERR_FILENO) == 1 ? .text : .json
            }
        logLevel = Logger.Level(rawValue: options.logLevel?.rawValue ?? logging.level.rawValue) ?? .info
    }
}
