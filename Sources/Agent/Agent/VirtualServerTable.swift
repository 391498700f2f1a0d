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

    /// The same, to be read in slices of time.
    func openListing() -> (any ListingReading)?

    /// The real servers of one virtual server, sorted; `nil` when the virtual server does not exist.
    func readRealServers(of key: VirtualServerKey) throws(NetlinkError) -> [ObservedRealServer]?

    /// Carries the operations out in order, as many as possible, and returns those that the kernel refused.
    ///
    /// - Throws: An error when it is unknown what was carried out: read the state again.
    func apply(_ operations: [TableOperation]) throws(NetlinkError) -> [OperationFailure]
}

/// How far a listing has been read.
package enum ListingProgress {
    case more
    case complete([ListedVirtualServer])
    /// It cannot be read, or makes no sense.
    case failed
}

/// A listing that is read in slices of time; what changes meanwhile may be missing or be there twice.
package protocol ListingReading: AnyObject {
    /// Reads on until that time.
    func readOn(until end: ContinuousClock.Instant) -> ListingProgress
}

extension VirtualServerTable {
    /// One that is read at once.
    package func openListing() -> (any ListingReading)? { readListing().map(WholeListing.init) }
}

private final class WholeListing: ListingReading {
    private let found: [ListedVirtualServer]

    init(_ found: [ListedVirtualServer]) { self.found = found }

    func readOn(until end: ContinuousClock.Instant) -> ListingProgress { .complete(found) }
}
