internal import LoadBalancing

extension Planner {
    /// Walks the real servers of one virtual server, both lists sorted, side by side.
    mutating func planRealServers(_ observed: ObservedVirtualServer, _ desired: DesiredVirtualServer) {
        var wanted = desired.realServers.startIndex
        var present = observed.realServers.startIndex
        while wanted < desired.realServers.endIndex || present < observed.realServers.endIndex {
            if present == observed.realServers.endIndex
                || wanted < desired.realServers.endIndex
                    && desired.realServers[wanted].endpoint < observed.realServers[present].endpoint
            {
                leaving.addedRealServers += 1
                steps.newRealServers.append(
                    Change(.add, .addRealServer(desired.realServers[wanted], to: desired.key)))
                wanted += 1
            } else if wanted == desired.realServers.endIndex
                || observed.realServers[present].endpoint < desired.realServers[wanted].endpoint
            {
                leave(observed.realServers[present], observed.virtualServer, desired)
                present += 1
            } else {
                edit(observed.realServers[present].realServer, to: desired.realServers[wanted], of: desired.key)
                wanted += 1
                present += 1
            }
        }
    }

    private mutating func edit(_ observed: RealServer, to desired: RealServer, of key: VirtualServerKey) {
        guard !observed.satisfies(desired) else { return }
        let revives = observed.weight == 0 && isDraining(observed.endpoint, key)
        let change = Change(
            revives ? .revive : .edit, .editRealServer(desired, of: key),
            fields: FieldChange.between(observed, desired))
        if desired.weight == 0 {
            steps.quietedRealServers.append(change)
        } else {
            steps.editedRealServers.append(change)
        }
    }

    private mutating func leave(
        _ observed: ObservedRealServer, _ virtualServer: VirtualServer, _ desired: DesiredVirtualServer
    ) {
        let withdrawal = desired.withdrawn[observed.endpoint]
        guard withdrawal != nil || !policy.heldServices.contains(desired.name) else { return }
        leaving.realServers.append(
            Leaving.RealServer(
                observed: observed, virtualServer: virtualServer,
                drainTimeout: withdrawal == .immediately ? 0 : desired.drainTimeout ?? policy.drainTimeout,
                isAgreed: withdrawal != nil || isDrained(observed, desired.key)))
    }
}

extension RealServer {
    /// Whether an observed real server needs no edit; the kernel's own mark for this node satisfies every method.
    fileprivate func satisfies(_ desired: RealServer) -> Bool {
        weight == desired.weight && upperThreshold == desired.upperThreshold
            && lowerThreshold == desired.lowerThreshold && (forwarding == desired.forwarding || forwarding == .local)
    }
}
