package import DataPath
internal import LoadBalancing
internal import Reconcile
internal import Synchronization

/// What a sync of everything does beside virtual servers: settings and rules while those are looked at and planned,
/// addresses while they are programmed.
final class DataPathPass: SyncCompanion {
    private let keeper: DataPathKeeper
    private let demand: DataPathDemand
    private let preparation: BackgroundWork
    private let prepared: Prepared

    private final class Prepared: Sendable {
        let report = Mutex(DataPathReport())
    }

    /// Begins. The keeper belongs to this until it ends.
    init(_ keeper: DataPathKeeper, _ demand: DataPathDemand) {
        self.keeper = keeper
        self.demand = demand
        let prepared = Prepared()
        self.prepared = prepared
        // One thread at a time uses it: nothing here does before it has waited for this one.
        nonisolated(unsafe) let keeper = keeper
        preparation = BackgroundWork {
            let report = keeper.prepare(demand)
            prepared.report.withLock { $0 = report }
        }
    }

    func awaitReadiness() { preparation.wait() }

    func follow(_ addresses: [IPAddress]) { keeper.follow(addresses) }

    /// Does what is left once the virtual servers are there.
    ///
    /// - Parameters:
    ///   - owned: The virtual servers that are ours.
    ///   - sync: What was done with virtual servers.
    func finish(owned: Set<VirtualServerKey>, _ sync: SyncReport) -> DataPathReport {
        awaitReadiness()
        var report = prepared.report.withLock(\.self)
        keeper.finish(demand, owned: owned, &report)
        keeper.forget(sync.staleFlows(demand.settings.staleProtocols), &report)
        return report
    }
}

/// What a node is to have beside IPVS.
package struct DataPathDemand: Hashable, Sendable {
    package var settings: DataPathSettings
    package var elements: Set<DataPathElement>

    package init(settings: DataPathSettings, elements: Set<DataPathElement>) {
        self.settings = settings
        self.elements = elements
    }

    /// The addresses of Services.
    var addresses: Set<IPAddress> { Set(elements.lazy.compactMap(\.boundAddress)) }

    /// Whether connections that were not seen from their beginning are served.
    var servesUnseenConnections: Bool { elements.contains(.unseenConnections) }

    /// The addresses that only some sources may use, on a port at least, but for those of which rules say so.
    func unguardedAddresses(_ rules: Set<DataPathElement>) -> Set<IPAddress> {
        Set(
            elements.lazy.compactMap { element in
                guard case .guarded(.endpoint(_, let endpoint), _) = element, !rules.contains(element) else {
                    return nil
                }
                return endpoint.address
            })
    }
}

extension DataPathElement {
    /// The address that it takes for the node.
    var boundAddress: IPAddress? {
        guard case .address(let address) = self else { return nil }
        return address
    }
}
