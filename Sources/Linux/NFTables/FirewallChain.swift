internal import DataPath

/// A chain of our table with its rules.
struct FirewallChain: Hashable {
    /// Where packets enter the chain from the network stack.
    struct Hook: Hashable {
        let type: String
        let name: String
        let priority: Int

        var declaration: String { "type \(type) hook \(name) priority \(priority); policy accept;" }
    }

    let name: String
    var hook: Hook?
    let rules: [String]

    init(_ name: String, hook: Hook? = nil, _ rules: [String]) {
        self.name = name
        self.hook = hook
        self.rules = rules
    }

    /// What each rule carries as its comment, so that it is known again.
    var seals: [String] { rules.map(Self.seal) }

    /// A hash of the rule's text (FNV-1a, 64 bits): rules are listed in another form than they are written in, but
    /// their comments come back as they are.
    private static func seal(_ rule: String) -> String {
        let hash = rule.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }

    /// The rules with their seals.
    var sealedRules: [String] { zip(rules, seals).map { "\($0) comment \"\($1)\"" } }

    /// The chain's declaration inside the table.
    var declaration: [String] {
        var lines = ["    chain \(name) {"]
        if let hook { lines.append("        \(hook.declaration)") }
        lines += sealedRules.map { "        \($0)" }
        lines.append("    }")
        return lines
    }
}

extension ServiceTreatment {
    /// Every treatment that there is.
    static let all = Masquerade.allCases.map { ServiceTreatment($0) }

    /// The chain that new connections go to.
    var chainName: String { masquerade.chainName }
}

extension ServiceTreatment.Masquerade {
    var chainName: String {
        switch self {
        case .never: "direct"
        case .node: "local"
        case .outsidePods: "cluster_ip"
        case .always: "external"
        }
    }
}
