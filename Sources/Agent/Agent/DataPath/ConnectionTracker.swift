package import Netlink
package import NodeNetwork

/// The connections that the kernel tracks.
package protocol ConnectionTracker {
    /// Deletes the entries of these flows and nothing else; says how many there were.
    func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int

    /// How many open connections need tracking, for netfilter masqueraded or redirected them.
    func translatedConnections() throws(NetlinkError) -> Int
}

extension ConntrackClient: ConnectionTracker {}

/// The tracked connections of a kernel whose module may come only later.
final class KernelTracker: ConnectionTracker {
    private var client: ConntrackClient?

    func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int { try opened().deleteEntries(flows) }

    func translatedConnections() throws(NetlinkError) -> Int { try opened().translatedConnections() }

    private func opened() throws(NetlinkError) -> ConntrackClient {
        if let client { return client }
        let opened = try ConntrackClient()
        client = opened
        return opened
    }
}
