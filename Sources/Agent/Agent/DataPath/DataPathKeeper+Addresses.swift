internal import DataPath
internal import LoadBalancing
internal import NFTables
internal import NodeNetwork

/// What a keeper knows of addresses between two whole passes.
struct AddressPlaces {
    /// The settings of the last whole pass; `nil` when there was none since the last look.
    var settings: DataPathSettings?
    /// Whether the kernel's settings are those for IPv6 Services too.
    var useIPv6 = false
    /// Whether they let in connections that were not seen from their beginning.
    var serveUnseen = false
    /// Those that are wanted otherwise since the addresses were made what they should be.
    var changed: Set<IPAddress> = []
    /// Wanted ones that are not taken before their virtual servers are there.
    var unserved: Set<IPAddress> = []
    /// Wanted ones that are not taken, as the rules could not be made that say who may use them.
    var unguarded: Set<IPAddress> = []
    /// Those that are bound only because connections to them remain.
    var leaving: Set<IPAddress> = []
    /// Guards that have come since the addresses were made what they should be.
    fileprivate var guards: Set<DataPathElement> = []

    /// Whether some wait for virtual servers to come or to go.
    var wait: Bool { !unserved.isEmpty || !leaving.isEmpty }

    /// Begins a plan: what was noted until now is part of it.
    mutating func begin() { (changed, guards, leaving) = ([], [], []) }

    /// Takes note of what is wanted otherwise.
    mutating func note(_ change: DataPathChange) {
        for element in change.added {
            if let address = element.boundAddress { changed.insert(address) }
            if case .guarded = element { guards.insert(element) }
        }
        for element in change.removed {
            if let address = element.boundAddress { changed.insert(address) }
            guards.remove(element)
        }
    }
}

// The addresses that a change is about, without a look at the others.
extension DataPathKeeper {
    /// Takes note that addresses of other devices have changed: only a look tells how.
    func forgetAddresses() { observed = nil }

    /// Whether enough is known to follow a change without a look.
    func canFollow(_ change: DataPathChange, _ settings: DataPathSettings) -> Bool {
        if settings.setsSysctls, !places.serveUnseen, change.added.contains(.unseenConnections) { return false }
        guard settings.binding != .none else { return true }
        let added = change.added.lazy.compactMap(\.boundAddress)
        guard !added.isEmpty || change.removed.contains(where: { $0.boundAddress != nil }) else { return true }
        if settings.setsSysctls, !places.useIPv6, added.contains(where: { $0.family == .ipv6 }) { return false }
        return knowsAddresses(settings)
    }

    private func knowsAddresses(_ settings: DataPathSettings) -> Bool {
        guard let observed, places.settings == settings else { return false }
        switch settings.binding {
        case .address:
            // A kube-proxy leaves its device down, and so does whoever adopts it.
            guard case .ours(let isUp) = observed.device else { return false }
            return isUp || settings.device == DataPathSettings.kubeProxyDevice
        case .route: return observed.routes.isSuperset(of: settings.serviceNetworks)
        case .none: return true
        }
    }

    /// A change of rules: an address is refused on other ports while it is here for Services alone, or is about to be.
    func withOwnAddresses(_ change: DataPathChange, _ settings: DataPathSettings) -> DataPathChange {
        let networks = settings.binding == .route ? settings.serviceNetworks : []
        func isRuled(_ element: DataPathElement) -> Bool { known?.elements.contains(element) ?? false }
        return DataPathChange(
            added: change.added.filter { element in
                guard let address = element.boundAddress else { return element != .unseenConnections }
                return settings.binding != .none && isFree(address) && !isRuled(element)
            },
            removed: change.removed.filter { element in
                guard let address = element.boundAddress else { return true }
                // What is still bound stays refused until it has gone.
                let stays = observed?.isBound(address) ?? true && !networks.contains { $0.contains(address) }
                return isRuled(element) && !stays
            })
    }

    /// Makes those addresses what they should be that were changed, or that waited for virtual servers which have come
    /// or gone.
    ///
    /// - Parameter owned: The virtual servers that are ours.
    /// - Returns: Whether that was possible; `false` asks for a look at all of them.
    func changeAddresses(_ demand: DataPathDemand, _ owned: OwnedIndex, _ report: inout DataPathReport) -> Bool {
        guard demand.settings.binding != .none else { return true }
        var few = places.changed
        few.formUnion(places.unserved.lazy.filter(owned.isServed))
        few.formUnion(places.leaving.lazy.filter { !owned.isInUse($0) })
        report.examined += places.unserved.count + places.leaving.count
        guard !few.isEmpty else { return true }
        // What has failed is tried again as a whole, and only then.
        guard knowsAddresses(demand.settings), demand.settings.rules == nil || known != nil else { return isBehind }
        let started = ContinuousClock.now
        let open = unguarded(demand)
        few.formUnion(open)
        plan(few, unguarded: open, demand, owned, &report)
        if !report.plan.addresses.isEmpty { applyAddresses(demand, &report) }
        report.duration += started.duration(to: .now)
        return true
    }

    private func plan(
        _ few: Set<IPAddress>, unguarded open: Set<IPAddress>, _ demand: DataPathDemand, _ owned: OwnedIndex,
        _ report: inout DataPathReport
    ) {
        guard let part = observed?.part(few, networks: demand.settings.serviceNetworks) else { return }
        report.examined += few.count
        let wanted = few.filter { demand.elements.contains(.address($0)) }
        let bound = few.filter(part.isBound)
        let pending = places
        places.begin()
        places.unguarded = pending.unguarded.intersection(few).union(open).intersection(wanted).subtracting(bound)
        places.unserved = wanted.subtracting(bound).filter { !owned.isServed($0) }
        planAddresses(demand.settings, wanted, part, bound, owned.isInUse, &report)
        places.unguarded.formUnion(pending.unguarded.subtracting(few))
        places.unserved.formUnion(pending.unserved.subtracting(few))
        places.leaving.formUnion(pending.leaving.subtracting(few))
    }

    /// The addresses of new guards of which no rule says so.
    private func unguarded(_ demand: DataPathDemand) -> Set<IPAddress> {
        guard demand.settings.rules != nil else { return [] }
        return DataPathDemand(settings: demand.settings, elements: places.guards.filter(demand.elements.contains))
            .unguardedAddresses(known?.elements ?? [])
    }
}
