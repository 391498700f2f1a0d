internal import LoadBalancing

/// What is ours and declared no more, gathered before it is decided whether it may go.
struct Leaving {
    struct VirtualServer {
        let observed: ObservedVirtualServer
        let drainTimeout: UInt32
        /// Whether an earlier sync has begun it, so that the removal guard has agreed already.
        let isUnderWay: Bool
    }

    struct RealServer {
        let observed: ObservedRealServer
        let virtualServer: LoadBalancing.VirtualServer
        let drainTimeout: UInt32
        let isUnderWay: Bool
    }

    var virtualServers: [VirtualServer] = []
    var realServers: [RealServer] = []
    var ownedVirtualServers = 0
    var ownedRealServers = 0

    /// What a guard holds back; `nil` when everything may go.
    func held(by removalGuard: RemovalGuard?) -> HeldRemovals? {
        guard let removalGuard else { return nil }
        let newVirtualServers = virtualServers.lazy.filter { !$0.isUnderWay }
        let newRealServers =
            realServers.lazy.filter { !$0.isUnderWay }.count
            + newVirtualServers.reduce(0) { $0 + $1.observed.realServers.count }
        let count = newVirtualServers.count
        guard removalGuard.holds(count, of: ownedVirtualServers) || removalGuard.holds(newRealServers, of: ownedRealServers)
        else { return nil }
        return HeldRemovals(
            virtualServers: count, ownedVirtualServers: ownedVirtualServers, realServers: newRealServers,
            ownedRealServers: ownedRealServers)
    }
}
