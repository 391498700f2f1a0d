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
