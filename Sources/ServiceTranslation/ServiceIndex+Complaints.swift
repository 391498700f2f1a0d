extension ServiceIndex {
    /// What is to be said of the Services: warnings, and claims that lost against an older Service's.
    package var complaints: [String] {
        services.flatMap { service in
            service.warnings.map { "Service \($0.object): \($0.message)" }
        } + conflicts.map { "Service \($0.loser): \($0.key) belongs to the older Service \($0.winner)" }
            + healthCheckConflicts.map {
                "Service \($0.loser): health check node port \($0.port) belongs to the older Service \($0.winner)"
            }
    }
}
