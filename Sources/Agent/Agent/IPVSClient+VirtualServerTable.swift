package import IPVS
package import LoadBalancing
package import Netlink

extension IPVSClient: VirtualServerTable {
    package func readState(statistics: Bool) throws(NetlinkError) -> ObservedState {
        try state(statistics: statistics)
    }

    package func readSettings() throws(NetlinkError) -> ObservedState {
        ObservedState(timeouts: try timeouts(), syncDaemons: try syncDaemons())
    }

    package func readListing() -> [ListedVirtualServer]? { TableListing.read() }

    package func openListing() -> (any ListingReading)? { TableListing.Reader() }

    package func readVirtualServers(
        _ keys: Set<VirtualServerKey>
    ) throws(NetlinkError) -> [ObservedVirtualServer] {
        var found: [ObservedVirtualServer] = []
        for key in keys.sorted() {
            guard var server = try virtualServer(key) else { continue }
            server.realServers = try realServers(of: key)
            found.append(server)
        }
        return found
    }

    package func readRealServers(of key: VirtualServerKey) throws(NetlinkError) -> [ObservedRealServer]? {
        let found = try realServers(of: key)
        // The dump of a virtual server that is gone is empty too, and no error.
        if found.isEmpty, try virtualServer(key) == nil { return nil }
        return found
    }
}

extension TableListing.Reader: ListingReading {
    package func readOn(until end: ContinuousClock.Instant) -> ListingProgress {
        switch read(until: end) {
        case .more: .more
        case .complete(let found): .complete(found)
        case .failed: .failed
        }
    }
}
