/// The parts of a node that only programs reach: iptables' rules, ipset's sets, nftables' tables.
///
/// What is not installed is not there.
package protocol LeftoverPrograms {
    /// The rules of every family, by every variant of iptables.
    func rules() throws(LeftoverError) -> [(variant: IPTablesVariant, dump: IPTablesDump)]
    /// Removes rules and chains: all of a table's or none.
    func remove(_ removal: IPTablesRemoval, from variant: IPTablesVariant) throws(LeftoverError)
    /// The names of all sets.
    func sets() throws(LeftoverError) -> [String]
    /// Removes a set that no rule uses any more.
    func destroySet(_ name: String) throws(LeftoverError)
    /// nftables' tables, as `ip kube-proxy`.
    func tables() throws(LeftoverError) -> [String]
    /// Removes a table of nftables' with everything in it.
    func deleteTable(_ name: String) throws(LeftoverError)
}
