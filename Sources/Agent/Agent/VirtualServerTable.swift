package import LoadBalancing
package import Netlink

/// The kernel's IPVS tables of one network namespace, as the agent needs them.
///
/// The IPVS client is the real one; `InMemoryKernel` of TestSupport is held to it by one contract suite.
package protocol VirtualServerTable: AnyObject {
    /// Everything the kernel holds, sorted. With `statistics`, counters and rates too.
    func readState(statistics: Bool) throws(NetlinkError) -> ObservedState

    /// These virtual servers with their real servers, sorted by key; those that do not exist are left out.
    func readVirtualServers(_ keys: Set<VirtualServerKey>) throws(NetlinkError) -> [ObservedVirtualServer]

    /// Connection timeouts and synchronisation daemons, without any virtual server.
    func readSettings() throws(NetlinkError) -> ObservedState

    /// Everything as a listing shows it, in any order; a cheap look that does not show every setting.
    ///
    /// - Returns: `nil` when there is no listing: then only ``readState(statistics:)`` tells.
    func readListing() -> [ListedVirtualServer]?

    /// The real servers of one virtual server, sorted; `nil` when the virtual server does not exist.
    func readRealServers(of key: VirtualServerKey) throws(NetlinkError) -> [ObservedRealServer]?

    /// Carries the operations out in order, as many as possible, and returns those that the kernel refused.
    ///
    /// - Throws: An error when it is unknown what was carried out: read the state again.
    func apply(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure]
}
