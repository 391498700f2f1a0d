internal import DataPath
internal import LoadBalancing

/// A list of sources in our table: a set of address ranges, and a chain of the same name with one rule, which drops
/// whoever is not in the set. Guards lead there.
extension SourceList {
    /// The chain of lists without a source.
    static let nobodyName = "nobody"

    /// Lists begin with this, by family.
    static func prefix(_ family: AddressFamily) -> String { family == .ipv4 ? "sources4_" : "sources6_" }

    /// The name of its chain and its set.
    var chainName: String { isEmpty ? Self.nobodyName : Self.prefix(family) + name }

    /// The type of its set's keys.
    var type: String { family == .ipv4 ? "ipv4_addr" : "ipv6_addr" }

    /// Its chain.
    var chain: FirewallChain {
        FirewallChain(chainName, ["\(family == .ipv4 ? "ip" : "ip6") saddr != @\(chainName) drop"])
    }

    /// Statements that make it, as `nft` reads them; one that is there already stays as it is.
    var additionText: [String] {
        let table = FirewallTransaction.tableName
        var lines = ["add set \(table) \(chainName) { type \(type); flags interval; elements = {"]
        lines += ranges.dropLast().map { "\($0.nftText)," } + ranges.suffix(1).map(\.nftText)
        lines += ["} }", "add chain \(table) \(chainName)", "flush chain \(table) \(chainName)"]
        return lines + chain.sealedRules.map { "add rule \(table) \(chainName) \($0)" }
    }

    /// Statements that remove it.
    var removalText: [String] {
        let table = FirewallTransaction.tableName
        return ["flush chain", "delete chain", "delete set"].map { "\($0) \(table) \(chainName)" }
    }

    /// What it is, for people.
    var summary: String {
        let shown = ranges.prefix(4).map(\.nftText).joined(separator: ", ")
        return "\(chainName) { \(shown)\(ranges.count > 4 ? " and \(ranges.count - 4) more" : "") }"
    }
}

extension ClosedRange<IPAddress> {
    /// `192.0.2.1` or `192.0.2.0-192.0.2.255`.
    fileprivate var nftText: String {
        lowerBound == upperBound ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)"
    }
}
