internal import DataPath
package import LoadBalancing
internal import Netlink
internal import NodeNetwork
internal import Reconcile

/// What an agent has let go of because the API server is reached there.
package struct Release: Hashable, Sendable {
    /// The addresses that are the node's own no longer.
    package internal(set) var addresses: Set<IPAddress> = []
    package internal(set) var networks: Set<IPPrefix> = []
    package internal(set) var virtualServers: Set<VirtualServerKey> = []
    /// What could not be done.
    package internal(set) var failures: [String] = []
    /// Addresses at which virtual servers stay.
    var kept: Set<IPAddress> = []

    package init() {}

    /// Whether nothing was let go of, and nothing failed.
    package var isEmpty: Bool {
        addresses.isEmpty && networks.isEmpty && virtualServers.isEmpty && failures.isEmpty
    }

    fileprivate mutating func add(_ more: Release) {
        addresses.formUnion(more.addresses)
        networks.formUnion(more.networks)
        virtualServers.formUnion(more.virtualServers)
        failures += more.failures
        kept.formUnion(more.kept)
    }
}

/// How far the letting go of addresses is.
struct ReleaseState {
    /// What is to be let go of, first by the table, then by the network.
    var addresses: Set<IPAddress> = []
    /// Virtual servers that stay, for they are declared.
    var kept: Set<VirtualServerKey> = []
    var settings: DataPathSettings?
    var stage = Stage.idle
    /// What has been done so far.
    var done = Release()
    /// What has been done to its end and not been told.
    var finished: [Release] = []

    var isWithTable: Bool { stage == .tableIsAtIt }

    enum Stage {
        case idle
        case table
        case tableIsAtIt
        case network
        case networkIsAtIt
    }
}

extension Reconciler {
    /// Lets go of the addresses by which an API server that does not answer is reached.
    ///
    /// An address that is ours makes the node talk to itself, and a virtual server there catches what the node sends:
    /// the agent would never hear that it is to give them back. So both go at once, without a look at connections. What
    /// is declared stays, and the virtual servers of `default/kubernetes`, by which Pods reach the API server.
    ///
    /// - Parameter owned: The virtual servers that are ours.
    package mutating func release(
        _ servers: Set<IPAddress>, owned: OwnedIndex, unlessDeclaredIn source: some DesiredSource
    ) {
        guard release.stage == .idle, !servers.isEmpty else { return }
        release.addresses = servers
        release.kept = owned.keys(at: servers).filter { source.desired($0) != nil }
        release.settings = source.network
        release.done = Release()
        release.stage = .table
    }

    /// What has been let go of since the last call.
    package mutating func takeReleases() -> [Release] {
        defer { release.finished = [] }
        return release.finished
    }

    /// The part of a release that is due.
    mutating func nextRelease(_ now: ContinuousClock.Instant) -> AgentJob? {
        switch release.stage {
        case .table where isTableIdle:
            release.stage = .tableIsAtIt
            return .table(.release(release.addresses, keeping: release.kept))
        case .network where network.job == nil && !followsTable:
            release.stage = .networkIsAtIt
            network.begin(.release, now)
            return .network(.release(release.addresses, release.settings))
        default: return nil
        }
    }

    mutating func takeReleased(_ done: Release) {
        release.done.add(done)
        switch release.stage {
        case .tableIsAtIt:
            forgetDrains(done.virtualServers)
            release.addresses.subtract(done.kept)
            release.stage = keepsNetwork && !release.addresses.isEmpty ? .network : .idle
        default: release.stage = .idle
        }
        if release.stage == .idle { release.finished.append(release.done) }
    }
}

extension Synchronizer {
    /// Removes our virtual servers at some addresses at once, with their connections; those of `default/kubernetes` stay.
    func release(_ addresses: Set<IPAddress>, keeping kept: Set<VirtualServerKey>) -> Release {
        var release = Release()
        do throws(SyncError) {
            release.virtualServers = try remove(addresses) { key, name in
                let isKept = kept.contains(key) || name.map(Self.isAPIServer) ?? false
                if isKept, let address = key.endpointAddress { release.kept.insert(address) }
                return isKept
            }
        } catch {
            release.failures.append(error.description)
        }
        return release
    }

    /// Whether a virtual server is named for the Service `default/kubernetes`.
    private static func isAPIServer(_ name: String) -> Bool {
        name == "default/kubernetes" || name.hasPrefix("default/kubernetes:")
    }

    /// - Parameter keeps: Whether one stays, by its key and the name under which it was declared.
    /// - Returns: Those that have gone.
    private func remove(
        _ addresses: Set<IPAddress>, unless keeps: (VirtualServerKey, String?) -> Bool
    ) throws(SyncError) -> Set<VirtualServerKey> {
        var keys: Set<VirtualServerKey> = []
        let report = try run { (ledger, report) throws(SyncError) in
            keys = Set(
                ledger.virtualServers.filter { key, ownership in
                    key.endpointAddress.map { addresses.contains($0) } ?? false && !keeps(key, ownership.name)
                }.keys)
            guard !keys.isEmpty else { return nil }
            let observed = ObservedState(
                virtualServers: try attemptLook { () throws(NetlinkError) in try table.readVirtualServers(keys) })
            let before = ledger.part(keys)
            let plan = Planner.cleanup(observed: observed, ledger: before)
            return Draft(plan: plan, desired: [], observed: observed, before: before, looked: keys)
        }
        guard let report else { return [] }
        return keys.subtracting(report.failures.compactMap { $0.cause.operation.key })
    }

    private func attemptLook<Value>(_ look: () throws(NetlinkError) -> Value) throws(SyncError) -> Value {
        do throws(NetlinkError) {
            return try look()
        } catch {
            throw .kernel(error)
        }
    }
}

extension DataPathKeeper {
    /// Takes addresses off our devices, and removes our routes to them.
    func release(_ addresses: Set<IPAddress>, _ settings: DataPathSettings?, _ release: inout Release) {
        guard !addresses.isEmpty else { return }
        var report = DataPathReport()
        report.isPreview = true
        let record = recorded(&report)
        let devices = Set([settings?.device, record?.device].compactMap(\.self)).union(record?.formerDevices ?? [])
        for device in devices.sorted() { self.release(addresses, device, &release) }
    }

    private func release(_ addresses: Set<IPAddress>, _ device: String, _ release: inout Release) {
        do throws(NetlinkError) {
            let found = try vips.read(device: device)
            let networks = found.routes.filter { network in addresses.contains { network.contains($0) } }
            let operations =
                found.addresses.intersection(addresses).sorted().map(VIPOperation.removeAddress)
                + networks.sorted().map(VIPOperation.removeRoute)
            guard !operations.isEmpty else { return }
            let failures = try vips.apply(operations, device: device)
            release.failures += failures.map { $0.text(device: device) }
            for operation in operations where !failures.contains(where: { $0.operation == operation }) {
                switch operation {
                case .removeAddress(let address): release.addresses.insert(address)
                case .removeRoute(let network): release.networks.insert(network)
                default: break
                }
            }
        } catch {
            release.failures.append(ErrorText.describe(error))
        }
        // The next pass looks at what is there.
        observed = nil
        isBehind = true
    }
}
