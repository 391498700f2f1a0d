package import DataPath
package import LoadBalancing
internal import NFTables
package import NodeNetwork

/// A job of the node's network.
package enum NetworkJob: Sendable {
    /// Makes the settings and rules what they should be; `nil` takes everything back.
    case everything(DataPathDemand?, NetworkGate?)
    /// Makes the rules what they should be after a change.
    ///
    /// Addresses are looked at first where those of other devices may have changed.
    case change(DataPathChange, DataPathSettings, retries: Bool, looks: Bool)
    /// Makes the addresses what they should be, and lets tracked connections forget real servers that have gone.
    case finish(Set<StaleFlow>, isWhole: Bool)
    /// Looks whether everything is as it was left.
    case verify(repairs: Bool)
    /// Lets go of addresses at once.
    case release(Set<IPAddress>, DataPathSettings?)
}

/// What came of a job of the node's network.
package struct NetworkOutcome: Sendable {
    var report: DataPathReport?
    var release: Release?
    let isBehind: Bool
    let hasLeaving: Bool
    let holdsTracking: Bool
    /// Whether addresses are to follow the table's work.
    var hasFollower = false
}

/// The node's network: what Services need beside IPVS. It knows what is wanted, so that a change costs what it touches.
package final class NetworkTarget {
    private let keeper: DataPathKeeper
    private let owned: OwnedIndex
    private var demand: DataPathDemand?
    /// What has been prepared since the addresses were made what they should be.
    private var prepared: DataPathReport?

    /// - Parameter owned: The virtual servers that are ours.
    package init(_ keeper: DataPathKeeper, owned: OwnedIndex) {
        self.keeper = keeper
        self.owned = owned
    }

    /// Does a job. May take as long as the kernel, `nft` or the disk does.
    package func perform(_ job: NetworkJob) -> NetworkOutcome {
        let outcome = { (report: DataPathReport?, release: Release?) in
            NetworkOutcome(
                report: report, release: release, isBehind: self.keeper.isBehind,
                hasLeaving: self.keeper.places.wait || !self.keeper.gone.isEmpty,
                holdsTracking: self.keeper.holdsTracking == true, hasFollower: self.keeper.follower != nil)
        }
        switch job {
        case .everything(let demand, let gate):
            defer { gate?.open() }
            self.demand = demand
            prepared = nil
            guard let demand else { return outcome(keeper.retire(), nil) }
            prepared = keeper.prepare(demand)
            gate?.follower = keeper.follower
            return outcome(nil, nil)
        case .change(let change, let settings, let retries, let looks):
            if looks { keeper.forgetAddresses() }
            prepare(change, settings, retries: retries)
            return outcome(nil, nil)
        case .finish(let flows, let isWhole): return outcome(finish(flows, isWhole: isWhole), nil)
        case .verify(let repairs): return outcome(verify(repairs: repairs), nil)
        case .release(let addresses, let settings):
            var release = Release()
            keeper.release(addresses, settings, &release)
            // What was seen before is not so any more: the retry looks again.
            prepared?.hasLooked = false
            return outcome(nil, release)
        }
    }

    private func prepare(_ change: DataPathChange, _ settings: DataPathSettings, retries: Bool) {
        // Only an agent that has never been told of everything has none.
        guard var demand else { return }
        self.demand = nil
        demand.settings = settings
        demand.elements.subtract(change.removed)
        demand.elements.formUnion(change.added)
        let report = keeper.prepare(change, settings, retries: retries) { demand }
        self.demand = demand
        guard var before = prepared else { return prepared = report }
        before.add(report)
        prepared = before
    }

    private func finish(_ flows: Set<StaleFlow>, isWhole: Bool) -> DataPathReport? {
        guard let demand else { return nil }
        let before = prepared
        prepared = nil
        var report = before ?? DataPathReport()
        if isWhole || report.hasLooked || !keeper.changeAddresses(demand, owned, &report) {
            keeper.finish(demand, owned: owned.keys, withholding: unserved(demand), &report)
        } else {
            keeper.finishChange(unless: owned.contains, &report)
        }
        keeper.forget(flows, &report)
        return before == nil && report.isEmpty ? nil : report
    }

    /// No address comes before its virtual servers.
    private func unserved(_ demand: DataPathDemand) -> Set<IPAddress> {
        demand.addresses.filter { !owned.isServed($0) }
    }

    private func verify(repairs: Bool) -> DataPathReport? {
        guard let demand else { return nil }
        guard repairs else { return keeper.preview(demand, owned: owned.keys) }
        var report = keeper.prepare(demand)
        keeper.finish(demand, owned: owned.keys, withholding: unserved(demand), &report)
        keeper.forget([], &report)
        return report
    }
}
