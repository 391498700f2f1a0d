/// One of iptables' tables.
package struct IPTablesTable: Hashable, Sendable {
    package let name: String
    /// The kernel's own chains, which packets come to by themselves.
    package internal(set) var builtInChains: Set<String> = []
    /// Chains that somebody has made, in order.
    package internal(set) var chains: [String] = []
    package internal(set) var rules: [IPTablesRule] = []

    init(name: String) { self.name = name }
}
