internal import Glibc
internal import Netlink

/// What keeps connection tracking and address translation on in a network namespace, and does nothing else.
///
/// The kernel follows connections only while some rule asks for it. When the last such rule goes, connections that it
/// masqueraded are cut at once, though nobody removes them.
package protocol TrackingHold {
    /// Whether it is there.
    func isHeld() throws(NFTablesError) -> Bool
    /// Makes it; nothing happens when it is there.
    func hold() throws(NFTablesError)
    /// Removes it; nothing happens when it is not there.
    func release() throws(NFTablesError)
}

/// The table `inet ipvsync-tracking`: a chain of translation, which translates nothing new, and a rule that looks at a
/// connection's state and does nothing about it.
package struct TrackingTable: TrackingHold {
    private let command: NFTCommand
    private let client: NFTablesClient

    private static let name = "ipvsync-tracking"
    /// The table's name for people.
    package static let description = "inet \(name)"

    package init(command: NFTCommand = NFTCommand(), client: NFTablesClient = NFTablesClient()) {
        self.command = command
        self.client = client
    }

    package func isHeld() throws(NFTablesError) -> Bool {
        do throws(NetlinkError) {
            return try client.tableFlags(of: Self.name) != nil
        } catch {
            guard error.meansNoNFTables else { throw NFTablesError(error) }
            return false
        }
    }

    package func hold() throws(NFTablesError) {
        guard try !isHeld() else { return }
        // The chain keeps the hooks of translation, the rule those of tracking.
        let text = """
            table \(Self.description) {
                chain translation {
                    type nat hook postrouting priority 100; policy accept;
                    ct state established
                }
            }

            """
        try command.apply(Array(text.utf8), operation: "make the table \(Self.description)")
    }

    package func release() throws(NFTablesError) {
        guard try isHeld() else { return }
        try command.apply(
            Array("delete table \(Self.description)\n".utf8), operation: "remove the table \(Self.description)")
    }
}

extension NetlinkError {
    /// Whether it is what a kernel without nftables answers.
    var meansNoNFTables: Bool {
        let kinds: [NetlinkError.Kind] = [.familyMissing, .refused(EINVAL), .refused(EOPNOTSUPP)]
        return kinds.contains(kind)
    }
}
