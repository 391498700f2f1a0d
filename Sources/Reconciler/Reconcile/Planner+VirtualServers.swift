internal import LoadBalancing

extension Planner {
    /// Walks both sorted lists side by side.
    mutating func planVirtualServers(_ desired: [DesiredVirtualServer], _ observed: [ObservedVirtualServer]) {
        var wanted = desired.startIndex
        var present = observed.startIndex
        reserve(desired, observed)
        while wanted < desired.endIndex || present < observed.endIndex {
            if present == observed.endIndex
                || wanted < desired.endIndex && desired[wanted].key < observed[present].key
            {
                add(desired[wanted])
                wanted += 1
            } else if wanted == desired.endIndex || observed[present].key < desired[wanted].key {
                leaveOrIgnore(observed[present])
                present += 1
            } else {
                edit(observed[present], to: desired[wanted])
                wanted += 1
                present += 1
            }
        }
    }

    /// Makes room at once for what is surely to be added: an array that grows takes three times its size on the way.
    private mutating func reserve(_ desired: [DesiredVirtualServer], _ observed: [ObservedVirtualServer]) {
        let missing =
            desired.reduce(0) { $0 + $1.realServers.count } - observed.reduce(0) { $0 + $1.realServers.count }
        guard missing > 0 else { return }
        // The changes of virtual servers come to stand beside them.
        steps.newRealServers.reserveCapacity(missing + max(0, desired.count - observed.count))
    }

    private mutating func add(_ desired: DesiredVirtualServer) {
        guard desired.isActive else { return }
        own(desired)
        steps.virtualServers.append(Change(.add, .addVirtualServer(desired.virtualServer)))
        for realServer in desired.realServers {
            steps.newRealServers.append(Change(.add, .addRealServer(realServer, to: desired.key)))
        }
    }

    private mutating func edit(_ observed: ObservedVirtualServer, to desired: DesiredVirtualServer) {
        guard desired.isActive else { return leaveAtOnce(observed) }
        own(desired)
        if ledger.virtualServers[desired.key] == nil { plan.adopted.append(desired.key) }
        if observed.virtualServer != desired.virtualServer {
            steps.virtualServers.append(
                Change(
                    .edit, .editVirtualServer(desired.virtualServer),
                    fields: FieldChange.between(observed.virtualServer, desired.virtualServer)))
        }
        leaving.ownedVirtualServers += 1
        leaving.ownedRealServers += observed.realServers.count
        planRealServers(observed, desired)
    }

    private mutating func leaveOrIgnore(_ observed: ObservedVirtualServer) {
        guard let ownership = ledger.virtualServers[observed.key] else {
            plan.foreign.append(observed.key)
            return
        }
        plan.ledger.virtualServers[observed.key] = ownership
        leaving.ownedVirtualServers += 1
        guard !policy.heldServices.contains(ownership.name) else { return }
        leaving.virtualServers.append(
            Leaving.VirtualServer(
                observed: observed, drainTimeout: ownership.drainTimeout ?? policy.drainTimeout,
                isUnderWay: !observed.realServers.isEmpty
                    && observed.realServers.allSatisfy { isDrained($0, observed.key) }))
    }

    /// One that is declared for when this node has an address that it does not have: no mistake, and nothing to drain.
    private mutating func leaveAtOnce(_ observed: ObservedVirtualServer) {
        guard let ownership = ledger.virtualServers[observed.key] else {
            plan.foreign.append(observed.key)
            return
        }
        plan.ledger.virtualServers[observed.key] = ownership
        leaving.ownedVirtualServers += 1
        leaving.virtualServers.append(Leaving.VirtualServer(observed: observed, drainTimeout: 0, isUnderWay: true))
    }

    private mutating func own(_ desired: DesiredVirtualServer) {
        plan.ledger.virtualServers[desired.key] = Ledger.Ownership(
            name: desired.name, drainTimeout: desired.drainTimeout)
    }

    /// Whether a real server is on its way out: an old ledger may say so of one that has a weight again.
    func isDrained(_ observed: ObservedRealServer, _ key: VirtualServerKey) -> Bool {
        observed.realServer.weight == 0 && isDraining(observed.endpoint, key)
    }

    func isDraining(_ endpoint: Endpoint, _ key: VirtualServerKey) -> Bool {
        !ledger.drains.isEmpty && ledger.drains[Ledger.DrainKey(key, endpoint)] != nil
    }
}
