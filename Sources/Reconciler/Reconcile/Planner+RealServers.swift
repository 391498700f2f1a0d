internal import LoadBalancing

extension Planner {
    /// Walks the real servers of one virtual server, both lists sorted, side by side.
    mutating func planRealServers(_ observed: ObservedVirtualServer, _ desired: DesiredVirtualServer) {
        var placement = Placement(observed, desired)
        var isUnordered = false
        var wanted = desired.realServers.startIndex
        var present = observed.realServers.startIndex
        while wanted < desired.realServers.endIndex || present < observed.realServers.endIndex {
            if present == observed.realServers.endIndex
                || wanted < desired.realServers.endIndex
                    && desired.realServers[wanted].endpoint < observed.realServers[present].endpoint
            {
                leaving.addedRealServers += 1
                placement.add(desired.realServers[wanted])
                steps.newRealServers.append(
                    Change(.add, .addRealServer(desired.realServers[wanted], to: desired.key)))
                wanted += 1
            } else if wanted == desired.realServers.endIndex
                || observed.realServers[present].endpoint < desired.realServers[wanted].endpoint
            {
                leave(observed.realServers[present], observed.virtualServer, desired)
                present += 1
            } else {
                let isOutOfPlace = placement.isOutOfPlace(observed.realServers[present], desired.realServers[wanted])
                isUnordered = isUnordered || isOutOfPlace && movesLeft == 0
                if isOutOfPlace, movesLeft > 0 {
                    movesLeft -= 1
                    move(observed.realServers[present].realServer, to: desired.realServers[wanted], of: desired.key)
                } else {
                    edit(observed.realServers[present].realServer, to: desired.realServers[wanted], of: desired.key)
                }
                wanted += 1
                present += 1
            }
        }
        if isUnordered { plan.unordered.append(desired.key) }
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

    /// Moves stand among the additions: each of both goes to the front of the kernel's list.
    private mutating func move(_ observed: RealServer, to desired: RealServer, of key: VirtualServerKey) {
        steps.newRealServers.append(
            Change(
                .edit, .moveRealServer(desired, of: key), fields: FieldChange.between(observed, desired),
                reason: .order))
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

/// Which real servers of a virtual server have to be moved, for the kernel's list to end in the order of their endpoints:
/// the smallest last, as if they had been added in order.
///
/// An addition goes to the front of the list, and so does what is taken out and added again. So what is larger than an
/// addition has to follow it, and what stands behind a smaller one too. Those that leave do not count.
private struct Placement {
    private let isOrdered: Bool
    /// Real servers that get new connections while the additions are made.
    private var serving: Set<Endpoint>
    private var last: UInt32?
    /// Whether something has come to the front, where all that follows belongs then.
    private var hasBegun = false

    init(_ observed: ObservedVirtualServer, _ desired: DesiredVirtualServer) {
        isOrdered = desired.isOrdered && observed.realServers.allSatisfy { $0.position != nil }
        serving =
            isOrdered ? Set(observed.realServers.lazy.filter { $0.realServer.weight > 0 }.map(\.endpoint)) : []
    }

    mutating func add(_ server: RealServer) {
        guard isOrdered else { return }
        hasBegun = true
        if server.weight > 0 { serving.insert(server.endpoint) }
    }

    /// Whether one that stays has to be moved. The only one that serves is not: for a moment, nobody would be there.
    /// Without a weight it has no place in any table, and gets one with its weight.
    mutating func isOutOfPlace(_ server: ObservedRealServer, _ desired: RealServer) -> Bool {
        guard isOrdered, desired.weight > 0, let position = server.position else { return false }
        if !hasBegun, last.map({ position < $0 }) ?? true {
            last = position
            return false
        }
        guard serving.count > (serving.contains(server.endpoint) ? 1 : 0) else {
            // It stays, and those behind it are placed by it.
            last = position
            return false
        }
        hasBegun = true
        return true
    }
}
