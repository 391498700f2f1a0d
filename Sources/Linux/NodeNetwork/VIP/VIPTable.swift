package import Netlink

/// The addresses and local routes of a network namespace: the kernel's, or one in memory.
package protocol VIPTable: AnyObject {
    /// Everything that a plan needs to know.
    ///
    /// - Parameter device: The name of our device.
    func read(device: String) throws(NetlinkError) -> ObservedVIPs

    /// Carries the operations out in order and returns those that were refused.
    ///
    /// What is there already, or gone already, counts as done. Operations on a device that is not ours fail with
    /// `EEXIST`, those on a device that is missing with `ENODEV`.
    func apply(_ operations: [VIPOperation], device: String) throws(NetlinkError) -> [VIPFailure]
}
