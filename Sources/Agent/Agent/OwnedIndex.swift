package import LoadBalancing
internal import Reconcile
internal import Synchronization

/// Which virtual servers are ours, and at which addresses, as the ledger has it; asked from any thread.
package final class OwnedIndex: Sendable {
    private struct Content {
        var keys: Set<VirtualServerKey> = []
        /// Those that are to be made, and may not be there yet.
        var expected: Set<VirtualServerKey> = []
        var counts: [IPAddress: Count] = [:]

        mutating func expect(_ key: VirtualServerKey) {
            guard keys.insert(key).inserted else { return }
            expected.insert(key)
            if let address = key.endpointAddress { counts[address, default: Count()].owned += 1 }
        }

        mutating func confirm(_ key: VirtualServerKey) {
            expect(key)
            guard expected.remove(key) != nil, let address = key.endpointAddress else { return }
            counts[address, default: Count()].served += 1
        }

        mutating func remove(_ key: VirtualServerKey) {
            guard keys.remove(key) != nil else { return }
            let wasServed = expected.remove(key) == nil
            guard let address = key.endpointAddress, var count = counts[address] else { return }
            count.owned -= 1
            if wasServed { count.served -= 1 }
            counts[address] = count.owned > 0 ? count : nil
        }
    }

    /// How many there are at an address.
    private struct Count {
        var owned: Int32 = 0
        /// Those of them that are there.
        var served: Int32 = 0
    }

    private let content = Mutex(Content())

    package init() {}

    package var keys: Set<VirtualServerKey> { content.withLock(\.keys) }

    package func contains(_ key: VirtualServerKey) -> Bool { content.withLock { $0.keys.contains(key) } }

    /// Whether a virtual server of ours is at the address: one that is to be made does not count before it is.
    package func isServed(_ address: IPAddress) -> Bool {
        content.withLock { $0.counts[address].map { $0.served > 0 } ?? false }
    }

    /// Whether a virtual server of ours is at the address, or is to be made there.
    func isInUse(_ address: IPAddress) -> Bool { content.withLock { $0.counts[address] != nil } }

    /// Those at some addresses.
    func keys(at addresses: Set<IPAddress>) -> Set<VirtualServerKey> {
        content.withLock { content in
            guard addresses.contains(where: { content.counts[$0] != nil }) else { return [] }
            return content.keys.filter { $0.endpointAddress.map { addresses.contains($0) } ?? false }
        }
    }

    /// Puts a new ledger in the place of the whole, or of a part. What is new in it is expected until it is confirmed.
    func use(_ new: Ledger, replacing part: Ledger?) {
        content.withLock { content in
            let before = part.map { Set($0.virtualServers.keys) } ?? content.keys
            for key in before where new.virtualServers[key] == nil { content.remove(key) }
            for key in new.virtualServers.keys { content.expect(key) }
        }
    }

    /// Takes note that virtual servers are in the kernel, as far as is known.
    func confirm(_ keys: some Sequence<VirtualServerKey>) {
        content.withLock { content in
            for key in keys where content.keys.contains(key) { content.confirm(key) }
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
