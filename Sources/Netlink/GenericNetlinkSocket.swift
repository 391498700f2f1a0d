internal import CNetlink
internal import Glibc

/// The kernel's generic netlink, whose families have numbers that libnl finds out.
package final class GenericNetlinkSocket: NetlinkSocket {
    /// Opens a socket in the calling process's network namespace.
    ///
    /// - Parameters:
    ///   - receiveBufferSize: Bytes of answers that the kernel may queue; beyond, answers are lost.
    ///   - timeLimitSeconds: How long one answer may take.
    package init(receiveBufferSize: Int32 = 8 << 20, timeLimitSeconds: Int = 10) throws(NetlinkError) {
        try super.init(.generic, receiveBufferSize: receiveBufferSize, timeLimitSeconds: timeLimitSeconds)
    }

    /// The number of a family in this kernel; asking may load the module.
    package static func resolveFamily(_ name: String) throws(NetlinkError) -> UInt16 {
        guard let socket = nl_socket_alloc() else {
            throw NetlinkError(.system(ENOMEM), operation: "resolve the family \(name)")
        }
        defer { nl_socket_free(socket) }
        let connected = genl_connect(socket)
        guard connected >= 0 else {
            throw NetlinkError(
                .system(errno), operation: "resolve the family \(name)",
                message: String(cString: nl_geterror(connected)))
        }
        let family = genl_ctrl_resolve(socket, name)
        guard family > 0, let number = UInt16(exactly: family) else {
            throw NetlinkError(.familyMissing, operation: "resolve the family \(name)")
        }
        return number
    }
}
