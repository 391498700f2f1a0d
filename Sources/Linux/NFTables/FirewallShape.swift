package import DataPath

/// Everything of our table but the elements of its sets, in a form that what is written and what is listed share.
package struct FirewallShape: Hashable, Sendable {
    /// A chain: where it is hooked in, and the comments of its rules, which tell them apart.
    struct Chain: Hashable, Sendable {
        /// Type, hook, priority and policy in one text; empty for a chain that only others lead to.
        var hook: String
        var seals: [String]
    }

    /// A set or a map.
    struct Set: Hashable, Sendable {
        var types: [String]
        var isMap: Bool
        var flags: [String]
    }

    /// Flags of the table: `dormant` would switch it off.
    var tableFlags: [String] = []
    var chains: [String: Chain] = [:]
    var sets: [String: Set] = [:]
    /// What is in the table and cannot be ours.
    var strangers: [String] = []

    init() {}

    /// The shape that the settings lead to.
    package init(_ settings: FirewallSettings) {
        for chain in FirewallChain.all(settings) {
            chains[chain.name] = Chain(hook: chain.hook.map(Self.text) ?? "", seals: chain.seals)
        }
        for set in ElementSet.fixed { sets[set.name] = Set(types: set.types, isMap: set.isMap, flags: []) }
    }

    /// Takes a list of sources off, if its chain and its set are as we make them.
    ///
    /// - Returns: Whether they are.
    mutating func remove(_ list: SourceList) -> Bool {
        let chain = Chain(hook: "", seals: list.chain.seals)
        guard chains[list.chainName] == chain,
            sets[list.chainName] == Set(types: [list.type], isMap: false, flags: ["interval"])
        else { return false }
        chains[list.chainName] = nil
        sets[list.chainName] = nil
        return true
    }

    private static func text(_ hook: FirewallChain.Hook) -> String {
        text(type: hook.type, hook: hook.name, priority: hook.priority, policy: "accept")
    }

    static func text(type: String, hook: String, priority: Int, policy: String) -> String {
        "\(type) \(hook) \(priority) \(policy)"
    }

    /// What is not as it should be, in a sentence's words; `nil` when everything is.
    func damage(comparedWith wanted: FirewallShape) -> String? {
        guard self != wanted else { return nil }
        if tableFlags != wanted.tableFlags { return "the table has the flags \(tableFlags.joined(separator: ", "))" }
        if let stranger = strangers.first { return "the table has \(stranger), which is not ours" }
        if let name = Self.firstDifference(sets, wanted.sets) {
            return "\(Self.fate(sets[name], wanted.sets[name])) the set \(name)"
        }
        guard let name = Self.firstDifference(chains, wanted.chains) else { return "the table was changed" }
        return "\(Self.fate(chains[name], wanted.chains[name])) the chain \(name)"
    }

    private static func firstDifference<Value: Equatable>(
        _ found: [String: Value], _ wanted: [String: Value]
    ) -> String? {
        Swift.Set(found.keys).union(wanted.keys).filter { found[$0] != wanted[$0] }.min()
    }

    private static func fate<Value>(_ found: Value?, _ wanted: Value?) -> String {
        found == nil ? "somebody removed" : wanted == nil ? "somebody added" : "somebody changed"
    }
}

/// What has to be done so that our table holds what it shall.
package enum FirewallDifference: Hashable, Sendable {
    /// Everything has to be written anew, for this reason.
    case replacement(String)
    /// The rules are right; these elements are too few and too many, sorted.
    case changes(added: [DataPathElement], removed: [DataPathElement])

    /// What is wanted, compared with what is there; `nil` stands for no table.
    package static func between(_ wanted: FirewallState, _ observed: ObservedFirewall?) -> FirewallDifference {
        guard let observed else { return .replacement("there is no table inet ipvsync") }
        if let damage = observed.damage(under: wanted.settings) { return .replacement(damage) }
        return .changes(
            added: FirewallTransaction.sorted(wanted.elements.subtracting(observed.elements)),
            removed: FirewallTransaction.sorted(observed.elements.subtracting(wanted.elements)))
    }

    /// Whether there is nothing to do.
    package var isEmpty: Bool { self == .changes(added: [], removed: []) }

    /// The transaction that brings the table to what is wanted.
    package func transaction(to wanted: FirewallState) -> FirewallTransaction {
        switch self {
        case .replacement: .replacing(with: wanted)
        case .changes(let added, let removed): .changing(added: added, removed: removed)
        }
    }
}
