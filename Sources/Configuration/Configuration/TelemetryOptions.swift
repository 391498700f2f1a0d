package import LoadBalancing

/// How metrics and health are served.
package struct TelemetryOptions: Hashable, Sendable {
    /// Where; never port 0.
    package var listen: Endpoint
    /// With more real servers than these, no metrics of each are served; 0 for never.
    package var trafficLimit: UInt32
    /// Whether the health check ports of Services are served.
    package var healthCheckNodePorts: Bool

    package init(
        listen: Endpoint = Settings.standardTelemetryEndpoint,
        trafficLimit: UInt32 = Settings.standardTrafficLimit, healthCheckNodePorts: Bool = true
    ) {
        self.listen = listen
        self.trafficLimit = trafficLimit
        self.healthCheckNodePorts = healthCheckNodePorts
    }
}
