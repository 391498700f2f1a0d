package import LoadBalancing

/// Everything that one sync will do, as a value: it can be printed, counted and compared before anything happens.
package struct Plan: Hashable, Sendable {
    /// In the order in which they are carried out.
    package internal(set) var changes: [Change] = []
    /// Virtual servers that are declared and existed before we knew them: ours from now on, sorted.
    package internal(set) var adopted: [VirtualServerKey] = []
    /// Virtual servers of others, sorted: left alone.
    package internal(set) var foreign: [VirtualServerKey] = []
    /// Real servers that drain, sorted; those that begin with this plan among them.
    package internal(set) var drains: [Drain] = []
    /// Removals that looked like a mistake; `nil` when none were held back.
    package internal(set) var held: HeldRemovals?
    /// Virtual servers whose real servers are not all in order after it: see ``ReconcilePolicy/movesAtOnce``.
    package internal(set) var unordered: [VirtualServerKey] = []
    /// What must be on record before the first change is made.
    package internal(set) var ledger = Ledger()

    /// The plan that changes nothing.
    package init() {}

    /// Whether the kernel is as it should be.
    package var isEmpty: Bool { changes.isEmpty }

    /// How many changes there are of a kind, virtual servers and real servers apart.
    package func count(_ kind: Change.Kind) -> (virtualServers: Int, realServers: Int) {
        var counts = (virtualServers: 0, realServers: 0)
        for change in changes where change.kind == kind {
            switch change.operation {
            case .addVirtualServer, .editVirtualServer, .removeVirtualServer: counts.virtualServers += 1
            case .addRealServer, .editRealServer, .removeRealServer, .moveRealServer: counts.realServers += 1
            case .setTimeouts, .startSyncDaemon, .stopSyncDaemon: break
            }
            counts.realServers += change.droppedRealServers.count
        }
        return counts
    }
}

/// A real server on its way out that still has connections.
package struct Drain: Hashable, Sendable {
    package let key: Ledger.DrainKey
    package let connections: ConnectionCounts
    /// Seconds on the clock that counts from boot.
    package let since: UInt64
    /// When it is removed whatever it has.
    package let deadline: UInt64
}

/// Removals that were held back because so many at once look like a mistake.
package struct HeldRemovals: Hashable, Sendable {
    package let virtualServers: Int
    package let ownedVirtualServers: Int
    /// How many fewer the virtual servers that stay would have.
    package let realServers: Int
    /// How many they have.
    package let ownedRealServers: Int
}
