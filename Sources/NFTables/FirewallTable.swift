/// Our nftables table in one network namespace.
///
/// ``NFTCommand`` is the real one; `InMemoryFirewall` of TestSupport is held to it by one contract suite. Calls block.
package protocol FirewallTable {
    /// What the table holds; `nil` when there is none.
    func read() throws(NFTablesError) -> ObservedFirewall?

    /// Carries the transaction out as a whole, or throws and has changed nothing.
    func commit(_ transaction: FirewallTransaction) throws(NFTablesError)

    /// A number that goes up by one with every transaction of anybody on any table of the namespace; `nil` when the
    /// kernel does not tell.
    ///
    /// After a commit of a transaction that is not empty, the number from before plus one means that nobody else
    /// changed anything meanwhile.
    func generation() -> UInt32?
}
