internal import Agent
internal import LoadBalancing
internal import NFTables
internal import Netlink
internal import NodeNetwork
internal import TestSupport

/// What the watched tables ask and tell of the simulation that they belong to.
protocol TableWatcher: AnyObject {
    /// Before an operation of ours; throws where the process is killed there.
    func willApply(_ operation: TableOperation, _ kernel: InMemoryKernel) throws(NetlinkError)
    func didApply(_ operation: TableOperation, _ kernel: InMemoryKernel)
    /// Whether the next dump leaves something out.
    func liesInDumps() -> Bool
    /// Whether the answers of this batch get lost.
    func losesAnswers() -> Bool
    func didApply(_ operation: VIPOperation)
}

/// A kernel in memory that tells of every operation of ours.
final class WatchedTable: VirtualServerTable {
    let kernel: InMemoryKernel
    weak var watcher: (any TableWatcher)?

    init(_ kernel: InMemoryKernel) { self.kernel = kernel }

    func readState(statistics: Bool) -> ObservedState {
        var state = kernel.readState(statistics: statistics)
        if watcher?.liesInDumps() ?? false, !state.virtualServers.isEmpty {
            state.virtualServers.remove(at: state.virtualServers.count / 2)
        }
        return state
    }

    func readVirtualServers(_ keys: Set<VirtualServerKey>) -> [ObservedVirtualServer] {
        kernel.readVirtualServers(keys)
    }

    func readSettings() -> ObservedState { kernel.readSettings() }

    func readListing() -> [ListedVirtualServer]? {
        var listing = kernel.readListing()
        if watcher?.liesInDumps() ?? false { _ = listing?.popLast() }
        return listing
    }

    func readRealServers(of key: VirtualServerKey) -> [ObservedRealServer]? { kernel.readRealServers(of: key) }

    func apply(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        for (index, operation) in operations.enumerated() {
            try watcher?.willApply(operation, kernel)
            for failure in try kernel.apply([operation]) {
                failures.append(OperationFailure(index: index, operation: operation, errno: failure.errno))
            }
            watcher?.didApply(operation, kernel)
        }
        if watcher?.losesAnswers() ?? false { throw NetlinkError(.answersLost, operation: "change the table") }
        return failures
    }
}

/// Devices in memory that tell of every operation of ours.
final class WatchedAddresses: VIPTable {
    let network: InMemoryNetwork
    weak var watcher: (any TableWatcher)?

    init(_ network: InMemoryNetwork) { self.network = network }

    func read(device: String) throws(NetlinkError) -> ObservedVIPs { try network.read(device: device) }

    func apply(_ operations: [VIPOperation], device: String) throws(NetlinkError) -> [VIPFailure] {
        var failures: [VIPFailure] = []
        for operation in operations {
            let refused = try network.apply([operation], device: device)
            if refused.isEmpty { watcher?.didApply(operation) }
            failures += refused
        }
        return failures
    }
}
