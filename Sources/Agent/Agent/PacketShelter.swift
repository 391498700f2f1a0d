internal import Glibc
internal import LoadBalancing
package import NodeNetwork

/// Saves the connections of real servers that are taken out for a moment (``TableOperation/moveRealServer(_:of:)``).
///
/// With `net.ipv4.vs.expire_nodest_conn` on, the kernel ends a connection whose packet comes in that moment, and with
/// `sloppy_tcp` it gives the packet to another real server, which resets it. With the setting off the packet is lost and
/// nothing else: the client sends it again. So it is off for as long as it takes.
package struct PacketShelter: Sendable {
    private static let key = "net/ipv4/vs/expire_nodest_conn"
    private let sysctls: Sysctls

    package init(_ sysctls: Sysctls) { self.sysctls = sysctls }

    /// Does something meanwhile.
    ///
    /// - Throws: The refusal to turn the setting off: then nothing is done. Who could turn it off can turn it on again;
    ///   else the next pass over the node's settings does.
    func shelter<Result, Failure: Error>(
        _ work: () throws(Failure) -> Result
    ) throws(SysctlError) -> Swift.Result<Result, Failure> {
        let value = try sysctls.read(Self.key)
        let isOn = value != nil && value != "0"
        if isOn { try sysctls.write(Self.key, "0") }
        let result = Swift.Result { () throws(Failure) in try work() }
        if isOn, let value {
            _ = sysctls.apply([SysctlChange(key: Self.key, old: "0", new: value)])
        }
        return result
    }
}
