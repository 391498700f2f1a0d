package import KubeProxy

/// Rules, sets and tables in memory, for tests. Rules are of one variant.
package final class InMemoryLeftovers: LeftoverPrograms {
    /// What `iptables-save` would print.
    package var rulesText = ""
    package var setNames: [String] = []
    package var tableNames: [String] = []
    /// Thrown by what would remove the thing of that name: `rules`, a set, a table.
    package var refusals: [String: LeftoverError] = [:]
    /// What has been removed, in order.
    package private(set) var removed: [String] = []

    private static let variant = IPTablesVariant(save: "/sbin/iptables-save", restore: "/sbin/iptables-restore")

    package init() {}

    package func rules() throws(LeftoverError) -> [(variant: IPTablesVariant, dump: IPTablesDump)] {
        [(Self.variant, try IPTablesDump(rulesText, program: Self.variant.save))]
    }

    package func remove(_ removal: IPTablesRemoval, from variant: IPTablesVariant) throws(LeftoverError) {
        try note("rules")
        rulesText = ""
    }

    package func sets() throws(LeftoverError) -> [String] { setNames }

    package func destroySet(_ name: String) throws(LeftoverError) {
        try note(name)
        setNames.removeAll { $0 == name }
    }

    package func tables() throws(LeftoverError) -> [String] { tableNames }

    package func deleteTable(_ name: String) throws(LeftoverError) {
        try note(name)
        tableNames.removeAll { $0 == name }
    }

    private func note(_ name: String) throws(LeftoverError) {
        if let refusal = refusals[name] { throw refusal }
        removed.append(name)
    }
}
