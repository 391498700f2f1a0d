internal import DataPath
internal import Netlink

/// Our table in the kernel: ``NFTCommand`` makes and lists it but for its elements, which are ``NFTablesClient``'s.
package struct KernelFirewall: FirewallTable {
    private let command: NFTCommand
    private let client: NFTablesClient

    package init(command: NFTCommand = NFTCommand(), client: NFTablesClient = NFTablesClient()) {
        self.command = command
        self.client = client
    }

    package func generation() -> UInt32? { client.generation() }

    package func isThere() throws(NFTablesError) -> Bool {
        do throws(NetlinkError) {
            return try client.tableFlags() != nil
        } catch {
            // A kernel without nftables has no table.
            guard error.meansNoNFTables else { throw NFTablesError(error) }
            return false
        }
    }

    package func read() throws(NFTablesError) -> ObservedFirewall? {
        guard let flags = try flags else { return nil }
        // nft 1.0.6 fails to list a table that is switched off.
        guard flags == 0 else { return .flagged(flags) }
        guard var observed = try command.read() else { return nil }
        do throws(NetlinkError) {
            try observed.takeElements(from: client)
        } catch {
            throw NFTablesError(error)
        }
        return observed
    }

    @discardableResult
    package func commit(_ transaction: FirewallTransaction) throws(NFTablesError) -> Int {
        guard !transaction.isEmpty else { return 0 }
        switch transaction.content {
        case .changes(let removed, let added):
            try client.change(removed: removed, added: added)
        case .replacement(let state):
            guard try flags != nil else { return try make(state, or: transaction) }
            try command.commit(transaction)
        case .removal:
            try command.commit(transaction)
        }
        return 1
    }

    /// Makes the table where there is none: first what it is made of, dormant, then its elements, which wake it.
    private func make(_ state: FirewallState, or transaction: FirewallTransaction) throws(NFTablesError) -> Int {
        try command.makeDormantTable(state.settings)
        do throws(NFTablesError) {
            try client.change(removed: [], added: FirewallTransaction.bySet(state.elements), wakes: true)
        } catch {
            // The program says more precisely what the kernel does not take.
            try command.commit(transaction)
        }
        return 2
    }

    /// The flags of our table; `nil` when it certainly is not there. Where the kernel does not tell, the program shall.
    private var flags: UInt32? {
        get throws(NFTablesError) {
            do throws(NetlinkError) {
                return try client.tableFlags()
            } catch {
                guard error.meansNoNFTables else { return 0 }
                throw NFTablesError(
                    operation: error.operation, message: "the kernel has no nftables: modprobe nf_tables")
            }
        }
    }
}

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
