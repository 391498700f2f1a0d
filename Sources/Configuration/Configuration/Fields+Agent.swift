import Documents
import LoadBalancing

extension Fields {
    static let apiVersion = Field(
        "apiVersion", .apiVersion,
        "The form that the file is written in: ipvsync/v1. A file without it is of that form too.")
    static let syncInterval = Field(
        "syncInterval", .duration(1...Settings.maximumSyncInterval),
        "How long an agent waits between two looks at the whole table; 30s by default.")
    static let minSyncInterval = Field(
        "minSyncInterval", .milliseconds(0...Settings.maximumMinSyncInterval),
        "The least time between two syncs of changes; 100ms by default.")
    static let auditInterval = Field(
        "auditInterval", .duration(60...Settings.maximumAuditInterval),
        "How long it takes until every virtual server has been looked at closely once; 1h by default.")
    static let drift = Field(
        "drift", .choice(DriftSetting.allCases.map { ($0.rawValue, $0) }),
        "What is done when others change what is ours; repair by default.")
    static let cleanupOnExit = Field(
        "cleanupOnExit", .boolean, "Whether an agent that ends removes what is ours; false by default.")
    static let telemetry = Field(
        "telemetry", .telemetry, "How an agent serves metrics and health over HTTP; `off` serves neither.")
    static let logging = Field("logging", .logging, "How an agent logs.")

    // Of telemetry.
    static let listen = Field(
        "listen", .listeningPlace, "The address and port; \(Settings.standardTelemetryEndpoint) by default.")
    static let trafficLimit = Field(
        "trafficLimit", .integer(UInt32(0)...UInt32.max),
        "With more real servers than these, no metrics of each are served; "
            + "\(Settings.standardTrafficLimit) by default, 0 for never.")
    static let healthCheckNodePorts = Field(
        "healthCheckNodePorts", .boolean, "Whether the health check ports of Services are served; true by default.")

    static let kubeProxy = Field(
        "kubeProxy", .kubeProxy,
        "Where the agent also answers as a kube-proxy does; off by default. For each place that is not named, it is "
            + "kube-proxy's own.")

    static let events = Field(
        "events", .boolean,
        "Whether owners of Services are told in Kubernetes Events of what is refused; true by default.")

    // Of telemetry.kubeProxy.
    static let kubeProxyHealthz = Field(
        "healthz", .listeningPlaceOrOff,
        "Where load balancers ask for /healthz and /livez; \(KubeProxyPlaces.standardHealthz) by default, or `off`.")
    static let kubeProxyMetrics = Field(
        "metrics", .listeningPlaceOrOff,
        "Where /metrics, /proxyMode and /healthz are served; \(Settings.standardTelemetryEndpoint) by default, or "
            + "`off`. With the same as `listen`, one server answers both.")

    // Of logging.
    static let logFormat = Field(
        "format", .choice(LoggingSettings.Format.allCases.map { ($0.rawValue, $0) }),
        "How a line is written; auto by default.")
    static let logLevel = Field(
        "level", .choice(LoggingSettings.Level.allCases.map { ($0.rawValue, $0) }),
        "The least important that is logged; info by default.")
}
