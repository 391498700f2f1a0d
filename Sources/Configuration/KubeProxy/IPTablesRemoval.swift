/// What is to go of one family's rules, and what has to stay of kube-proxy's.
package struct IPTablesRemoval: Hashable, Sendable {
    /// What is to go of one table.
    package struct Part: Hashable, Sendable {
        package let table: String
        /// Rules of built-in chains that lead into chains that go.
        package let jumps: [IPTablesRule]
        package let chains: [String]
    }

    /// Only tables of which something goes.
    package private(set) var parts: [Part] = []
    /// Why something of kube-proxy's stays, each in words.
    package private(set) var kept: [String] = []
    /// The sets that rules use which stay.
    package private(set) var usedSets: Set<String> = []

    package var isEmpty: Bool { parts.isEmpty }
    package var chainCount: Int { parts.reduce(0) { $0 + $1.chains.count } }
    package var jumpCount: Int { parts.reduce(0) { $0 + $1.jumps.count } }

    package init(_ dump: IPTablesDump) {
        for table in dump.tables { plan(table) }
        kept += dump.unreadable.map { "the table \($0) cannot be shown, for it is not iptables' alone: look with nft" }
    }

    /// What `iptables-restore --noflush` takes: each table changes as a whole or not at all.
    package var input: String {
        parts.map { part in
            (["*\(part.table)"] + part.chains.map { ":\($0) - [0:0]" }
                + part.jumps.map { "-D \($0.chain) \($0.specification)" } + part.chains.map { "-X \($0)" } + [
                    "COMMIT\n"
                ])
                .joined(separator: "\n")
        }.joined()
    }

    private mutating func plan(_ table: IPTablesTable) {
        let own = Set(table.chains.filter { KubeProxyNames.ownsChain($0, table: table.name) })
        let holders = holders(own, table)
        let staying = Self.closure(of: Set(holders.keys), own, table)
        let going = own.subtracting(staying)
        kept += staying.sorted().map { chain in
            let reason = holders[chain].map { "the chain \($0), which is not kube-proxy's, leads into it" }
            return "the chain \(chain) of the table \(table.name) stays: \(reason ?? "one that stays leads into it")"
        }
        var jumps: [IPTablesRule] = []
        for rule in table.rules where !going.contains(rule.chain) {
            if let target = rule.target, going.contains(target) {
                jumps.append(rule)
            } else {
                usedSets.formUnion(rule.sets)
            }
        }
        guard !going.isEmpty else { return }
        parts.append(Part(table: table.name, jumps: jumps, chains: table.chains.filter(going.contains)))
    }

    /// Chains that somebody else's lead into, each with one of those. The built-in ones are everybody's.
    private func holders(_ own: Set<String>, _ table: IPTablesTable) -> [String: String] {
        var holders: [String: String] = [:]
        for rule in table.rules where !own.contains(rule.chain) && !table.builtInChains.contains(rule.chain) {
            if let target = rule.target, own.contains(target) { holders[target] = rule.chain }
        }
        return holders
    }

    /// These chains and all of kube-proxy's that can be reached from them.
    private static func closure(of roots: Set<String>, _ own: Set<String>, _ table: IPTablesTable) -> Set<String> {
        var found = roots
        var count = -1
        while !found.isEmpty, count != found.count {
            count = found.count
            for rule in table.rules where found.contains(rule.chain) {
                if let target = rule.target, own.contains(target) { found.insert(target) }
            }
        }
        return found
    }
}
