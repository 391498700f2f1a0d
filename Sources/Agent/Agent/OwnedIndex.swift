package import LoadBalancing
internal import Reconcile
internal import Synchronization

/// Which virtual servers are ours, and at which addresses, as the ledger has it; asked from any thread.
package final class OwnedIndex: Sendable {
    private struct Content {
        var keys: Set<VirtualServerKey> = []
        var counts: [IPAddress: Int] = [:]

        mutating func insert(_ key: VirtualServerKey) {
            guard keys.insert(key).inserted, let address = key.endpointAddress else { return }
            counts[address, default: 0] += 1
        }

        mutating func remove(_ key: VirtualServerKey) {
            guard keys.remove(key) != nil, let address = key.endpointAddress, let count = counts[address] else {
                return
            }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }

    private let content = Mutex(Content())

    package init() {}

    package var keys: Set<VirtualServerKey> { content.withLock(\.keys) }

    package func contains(_ key: VirtualServerKey) -> Bool { content.withLock { $0.keys.contains(key) } }

    /// Whether a virtual server of ours is at the address.
    package func isServed(_ address: IPAddress) -> Bool { content.withLock { $0.counts[address] != nil } }

    /// Those at some addresses.
    func keys(at addresses: Set<IPAddress>) -> Set<VirtualServerKey> {
        content.withLock { content in
            guard addresses.contains(where: { content.counts[$0] != nil }) else { return [] }
            return content.keys.filter { $0.endpointAddress.map { addresses.contains($0) } ?? false }
        }
    }

    /// Puts a new ledger in the place of the whole, or of a part.
    func take(_ new: Ledger, replacing part: Ledger?) {
        content.withLock { content in
            guard let part else {
                content = Content()
                for key in new.virtualServers.keys { content.insert(key) }
                return
            }
            for key in part.virtualServers.keys where new.virtualServers[key] == nil { content.remove(key) }
            for key in new.virtualServers.keys { content.insert(key) }
        }
    }
}

extension VirtualServerKey {
    /// The address that it is at; `nil` for a firewall mark.
    var endpointAddress: IPAddress? {
        guard case .endpoint(_, let endpoint) = self else { return nil }
        return endpoint.address
    }
}
