package import LoadBalancing

/// Goes along with a sync of virtual servers, and is told of its steps.
package protocol SyncCompanion {
    /// The first change is due: returns when it may be made.
    func awaitReadiness()

    /// For these addresses all virtual servers and real servers have been sent to the kernel, while others are to come.
    func follow(_ addresses: [IPAddress])
}
