import KubernetesObjects

extension ServiceIndex {
    /// Lost claims that are looked through for warnings: a tenant can make millions, which say nothing new.
    private static let conflictLimit = 10_000

    /// What could not be done as the Services ask: their warnings, and claims that lost against another Service's.
    ///
    /// Of each namespace as many as a reader can use, and how many more there are.
    package var warnings: [TranslationWarning] {
        var list = WarningList()
        addServiceWarnings(to: &list)
        for conflict in someConflicts(Self.conflictLimit) {
            list.add(conflict.loser) {
                TranslationWarning(
                    conflict.loser, reason: .conflict,
                    "\(conflict.key) belongs to Service \(conflict.winner), \(conflict.reason)")
            }
        }
        for conflict in healthCheckConflicts {
            list.add(conflict.loser) {
                TranslationWarning(
                    conflict.loser, reason: .conflict,
                    "health check node port \(conflict.port) belongs to the older Service \(conflict.winner)")
            }
        }
        return list.warnings
    }
}

/// Warnings of all namespaces, no more of one than a reader can use.
struct WarningList {
    static let limit = 200

    private var kept: [TranslationWarning] = []
    private var counts: [String: Int] = [:]

    mutating func add(_ warning: TranslationWarning) { add(warning.object) { warning } }

    /// - Parameter make: Makes the warning, if it is kept.
    mutating func add(_ object: ObjectName, _ make: () -> TranslationWarning) {
        let count = counts[object.namespace, default: 0] + 1
        counts[object.namespace] = count
        if count <= Self.limit { kept.append(make()) }
    }

    /// The warnings, and for each namespace that has more a word on how many.
    var warnings: [TranslationWarning] {
        kept
            + counts.filter { $0.value > Self.limit }.sorted { $0.key < $1.key }.map { namespace, count in
                TranslationWarning(
                    ObjectName(namespace: namespace, name: "(others)"), reason: .bound,
                    "\(count - Self.limit) more warnings of this namespace are not shown: see "
                        + "`ipvsync explain` for one Service")
            }
    }
}
