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
    /// - Parameter keepsSettings: Whether the agent keeps the kernel's settings. Else nobody would turn this one on again
    ///   after an agent that was killed meanwhile, and it is not turned off.
    /// - Throws: The refusal to turn the setting off: then nothing is done. Who could turn it off can turn it on again;
    ///   else the next pass over the node's settings does.
    func shelter<Result, Failure: Error>(
        keepsSettings: Bool, _ work: () throws(Failure) -> Result
    ) throws(SysctlError) -> Swift.Result<Result, Failure> {
        try SettingsLock.shared.hold { () throws(SysctlError) in
            let value = try sysctls.read(Self.key)
            let isOn = value != nil && value != "0"
            if isOn, !keepsSettings { throw SysctlError(key: Self.key, operation: .write("0"), errno: EPERM) }
            if isOn { try sysctls.write(Self.key, "0") }
            let result = Swift.Result { () throws(Failure) in try work() }
            if isOn, let value {
                _ = sysctls.apply([SysctlChange(key: Self.key, old: "0", new: value)])
            }
            return result
        }
    }
}

/// Held while a setting is off for a moment, and while the node's settings are read or written: nobody takes the moment's
/// value for the host's, or ends the moment.
final class SettingsLock: Sendable {
    static let shared = SettingsLock()
    private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    private init() { pthread_mutex_init(mutex, nil) }

    /// Does something while it has the lock. It must not ask for the lock again.
    func hold<Result, Failure: Error>(_ work: () throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try work()
    }
}
