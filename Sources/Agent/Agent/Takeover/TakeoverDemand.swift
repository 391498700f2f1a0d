internal import DataPath
internal import LoadBalancing
package import Reconcile

/// What has to be known of our own things, so that nothing goes that is still needed.
package struct TakeoverDemand: Sendable {
    /// Virtual servers that are neither ours nor declared.
    let foreign: [VirtualServerKey]
    /// The addresses of virtual servers that are ours.
    let served: Set<IPAddress>
    /// Addresses that the node takes as its own without kube-proxy's device, or will.
    let bound: Set<IPAddress>
    /// Our own device.
    let device: String
    /// Virtual servers that are ours.
    let ours: [VirtualServerKey]
    /// How many leftovers may go; `nil` for any number.
    let removalGuard: RemovalGuard?

    /// - Parameter report: A sync, or the preview of one.
    package init(_ report: SyncReport, _ demand: DataPathDemand, removalGuard: RemovalGuard?) {
        foreign = report.plan.foreign
        ours = Array(report.plan.ledger.virtualServers.keys)
        served = Synchronizer.addresses(ours)
        bound = demand.settings.binding == .none ? [] : demand.addresses
        device = demand.settings.device
        // A single leftover looks like none.
        self.removalGuard = removalGuard.map { RemovalGuard(share: $0.share, minimum: 1) }
    }
}
