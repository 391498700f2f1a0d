internal import LoadBalancing

/// What is ours and declared no more, gathered before it is decided whether it may go.
struct Leaving {
    struct VirtualServer {
        let observed: ObservedVirtualServer
        let drainTimeout: UInt32
        /// Whether an earlier sync has begun it, so that the removal guard has agreed already, or it is not active.
        let isUnderWay: Bool
    }

    struct RealServer {
        let observed: ObservedRealServer
        let virtualServer: LoadBalancing.VirtualServer
        let drainTimeout: UInt32
        /// Whether an earlier sync has begun it, or its checks have withdrawn it: the removal guard has no say in that.
        let isAgreed: Bool
    }

    var virtualServers: [VirtualServer] = []
    var realServers: [RealServer] = []
    var ownedVirtualServers = 0
    /// Of virtual servers that stay, as the two figures that follow.
    var ownedRealServers = 0
    var addedRealServers = 0

    /// What a guard holds back; `nil` when everything may go.
    func held(by removalGuard: RemovalGuard?) -> HeldRemovals? {
        guard let removalGuard else { return nil }
        let count = virtualServers.count { !$0.isUnderWay }
        // A replacement is no loss: what comes makes up for what goes.
        let lost = realServers.count { !$0.isAgreed } - addedRealServers
        let isAll = count > 0 && virtualServers.count == ownedVirtualServers
        guard
            removalGuard.holds(count, of: ownedVirtualServers) || removalGuard.holds(lost, of: ownedRealServers)
                || isAll && !removalGuard.allowsNone
        else { return nil }
        return HeldRemovals(
            virtualServers: count, ownedVirtualServers: ownedVirtualServers, realServers: max(0, lost),
            ownedRealServers: ownedRealServers)
    }
}
