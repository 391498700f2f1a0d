internal import LoadBalancing

extension Planner {
    /// Turns what leaves into drains and removals, unless the guard holds them back.
    mutating func planRemovals() {
        plan.held = leaving.held(by: policy.removalGuard)
        let holdsNew = plan.held != nil
        for realServer in leaving.realServers where realServer.isAgreed || !holdsNew {
            remove(realServer.observed, of: realServer.virtualServer, realServer.drainTimeout)
        }
        for virtualServer in leaving.virtualServers where virtualServer.isUnderWay || !holdsNew {
            remove(virtualServer)
        }
    }

    /// A virtual server goes with its last real server.
    private mutating func remove(_ leaving: Leaving.VirtualServer) {
        let observed = leaving.observed
        let fates = observed.realServers.map { fate($0, of: observed.virtualServer, leaving.drainTimeout) }
        guard fates.allSatisfy(\.isRemoval) else {
            for realServer in observed.realServers {
                remove(realServer, of: observed.virtualServer, leaving.drainTimeout)
            }
            return
        }
        let reasons = Set(fates.map(\.reason))
        steps.removedVirtualServers.append(
            Change(
                .remove, .removeVirtualServer(observed.key), reason: reasons.count == 1 ? reasons.first : nil,
                droppedRealServers: observed.realServers.map(\.endpoint)))
        for realServer in observed.realServers { keepClock(of: realServer.endpoint, observed.key) }
    }

    private mutating func remove(
        _ observed: ObservedRealServer, of virtualServer: VirtualServer, _ drainTimeout: UInt32
    ) {
        let key = virtualServer.key
        switch fate(observed, of: virtualServer, drainTimeout) {
        case .remove(let reason):
            let couldDrain = observed.realServer.weight > 0 && drainTimeout > 0 && !virtualServer.isConnectionless
            steps.removedRealServers.append(
                Change(
                    .remove, .removeRealServer(observed.endpoint, from: key), reason: reason,
                    stillServing: couldDrain ? observed.realServer : nil))
            // Until it has really gone: a removal that fails must not begin the drain anew.
            keepClock(of: observed.endpoint, key)
        case .drain(let since):
            let drain = Ledger.DrainKey(key, observed.endpoint)
            plan.ledger.drains[drain] = since
            plan.drains.append(
                Drain(
                    key: drain, connections: observed.connections, since: since,
                    deadline: since + UInt64(drainTimeout)))
            guard observed.realServer.weight != 0 else { return }
            var drained = observed.realServer
            drained.weight = 0
            steps.drains.append(
                Change(
                    .drain, .editRealServer(drained, of: key),
                    fields: FieldChange.between(observed.realServer, drained), reason: .connections))
        }
    }

    private mutating func keepClock(of endpoint: Endpoint, _ key: VirtualServerKey) {
        let drain = Ledger.DrainKey(key, endpoint)
        if let since = ledger.drains[drain] { plan.ledger.drains[drain] = since }
    }

    private enum Fate {
        case remove(Change.Reason)
        case drain(since: UInt64)

        var isRemoval: Bool {
            if case .remove = self { return true }
            return false
        }

        var reason: Change.Reason {
            if case .remove(let reason) = self { return reason }
            return .connections
        }
    }

    /// Whether a leaving real server goes now or drains, and since when.
    private mutating func fate(_ observed: ObservedRealServer, of virtualServer: VirtualServer, _ timeout: UInt32)
        -> Fate
    {
        if observed.connections.isIdle { return .remove(.idle) }
        if virtualServer.isConnectionless { return .remove(.connectionless) }
        if timeout == 0 { return .remove(.immediate) }
        // A clock before the beginning is none of ours: begin again rather than drain for ever.
        // One that has a weight again is not draining, whatever an old ledger says.
        let isDrained = observed.realServer.weight == 0
        let recorded = isDrained ? ledger.drains[Ledger.DrainKey(virtualServer.key, observed.endpoint)] ?? now : now
        let since = min(recorded, now)
        return now - since >= UInt64(timeout) ? .remove(.deadline) : .drain(since: since)
    }
}

extension VirtualServer {
    /// Whether it keeps no connections worth waiting for.
    fileprivate var isConnectionless: Bool { key.transportProtocol == .udp || onePacket }
}
