/// Our nftables table in one network namespace.
///
/// ``KernelFirewall`` is the real one; `InMemoryFirewall` of TestSupport is held to it by one contract suite. Calls block.
package protocol FirewallTable {
    /// Whether the table is there; a cheap look.
    func isThere() throws(NFTablesError) -> Bool

    /// What the table holds; `nil` when there is none.
    func read() throws(NFTablesError) -> ObservedFirewall?

    /// Carries the transaction out as a whole, or throws and has changed nothing that works.
    ///
    /// - Returns: How many transactions of the kernel's it took: none for one that is empty, two for a new table.
    @discardableResult
    func commit(_ transaction: FirewallTransaction) throws(NFTablesError) -> Int

    /// A number that goes up by one with every transaction of anybody on any table of the namespace; `nil` when the
    /// kernel does not tell.
    ///
    /// After a commit, the number from before plus what ``commit(_:)`` returns means that nobody else changed anything
    /// meanwhile.
    func generation() -> UInt32?
}
