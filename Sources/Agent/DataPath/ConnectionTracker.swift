package import Netlink
package import NodeNetwork

/// The connections that the kernel tracks.
package protocol ConnectionTracker {
    /// Deletes the entries of these flows and nothing else; says how many there were.
    func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int
}

extension ConntrackClient: ConnectionTracker {}
