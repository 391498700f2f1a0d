internal import Agent
internal import Configuration
internal import Glibc
internal import LoadBalancing
internal import Logging
internal import Reconcile
internal import Telemetry

/// How an agent works: what the command line says, else the configuration, else the standard.
struct AgentSettings {
    let timing: AgentLoop.Timing
    let drift: DriftPolicy
    let cleansUpOnExit: Bool
    /// Where metrics and health are served; `nil` for nowhere.
    let listen: Endpoint?
    let trafficLimit: Int
    let servesHealthChecks: Bool
    let logFormat: LineLogHandler.Format
    let logLevel: Logger.Level

    init(_ options: AgentOptions, _ settings: Settings) {
        var timing = AgentLoop.Timing()
        timing.verification = .seconds(
            options.syncInterval ?? Int(settings.syncInterval ?? Settings.standardSyncInterval))
        self.timing = timing
        drift = options.drift ?? .repair
        cleansUpOnExit = options.cleanupOnExit ?? false
        listen =
            switch options.listen {
            case .off: nil
            case .on(let endpoint): endpoint
            case nil: Endpoint("127.0.0.1:10249")
            }
        trafficLimit = 2000
        servesHealthChecks = true
        logFormat =
            switch options.logFormat ?? .auto {
            case .text: .text
            case .json: .json
            case .auto: isatty(STDERR_FILENO) == 1 ? .text : .json
            }
        logLevel = Logger.Level(rawValue: options.logLevel?.rawValue ?? "") ?? .info
    }
}
