extension ServiceIndex {
    /// What could not be done as the Services ask: their warnings, and claims that lost against another Service's.
    package var warnings: [TranslationWarning] {
        serviceWarnings
            + conflicts.map {
                TranslationWarning(
                    $0.loser, reason: .conflict, "\($0.key) belongs to Service \($0.winner), \($0.reason)")
            }
            + healthCheckConflicts.map {
                TranslationWarning(
                    $0.loser, reason: .conflict,
                    "health check node port \($0.port) belongs to the older Service \($0.winner)")
            }
    }
}
