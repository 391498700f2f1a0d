package import Configuration
package import DataPath
package import ServiceTranslation

/// Everything that files declare: configuration, and what became of the Services among them.
package struct Declaration: Sendable {
    /// The virtual servers of Services are among its own.
    package var configuration: Configuration
    /// What the Services need beside IPVS.
    package var dataPath: Set<DataPathElement>
    /// Their health check ports.
    package var healthChecks: [UInt16: HealthCheck]

    package init(
        _ configuration: Configuration, dataPath: Set<DataPathElement> = [], healthChecks: [UInt16: HealthCheck] = [:]
    ) {
        self.configuration = configuration
        self.dataPath = dataPath
        self.healthChecks = healthChecks
    }

    /// What is wanted beside IPVS; `nil` for nothing.
    package var demand: DataPathDemand? {
        configuration.settings.network?.options.map { DataPathDemand(settings: $0, elements: dataPath) }
    }
}
