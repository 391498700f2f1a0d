internal import CNetlink
internal import Glibc

/// What the kernel tells of its own accord, by multicast groups: a descriptor that can be waited for.
///
/// It needs no rights, and nothing is ever sent on it.
package struct NetlinkNews: ~Copyable {
    package let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 32 << 10)

    /// Joins groups in the calling process's network namespace.
    ///
    /// - Parameters:
    ///   - groups: The first 32 groups as bits, group 1 being bit 0.
    ///   - operation: What it is for, for errors.
    package init(_ netlinkProtocol: NetlinkProtocol, groups: UInt32, operation: String) throws(NetlinkError) {
        let type = Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_NETLINK, type, netlinkProtocol.number)
        guard descriptor >= 0 else { throw NetlinkError(.system(errno), operation: operation) }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = groups
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard code == 0 else { throw NetlinkError(.system(errno), operation: operation) }
    }

    deinit { close(descriptor) }

    /// Reads all that was told since the last call; says whether any of it counts.
    ///
    /// What was lost, or makes no sense, may have counted.
    ///
    /// - Parameter counts: Whether a message does.
    package mutating func hasNews(where counts: (borrowing Message) throws(NetlinkError) -> Bool) -> Bool {
        var found = false
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                found = Self.matches(buffer[..<count], counts) || found
            } else if count == 0 || errno != EINTR && errno != ENOBUFS {
                return found
            } else {
                found = found || errno == ENOBUFS
            }
        }
    }

    private static func matches(
        _ bytes: ArraySlice<UInt8>, _ counts: (borrowing Message) throws(NetlinkError) -> Bool
    ) -> Bool {
        do throws(NetlinkError) {
            var messages = MessageCursor(bytes.span.bytes)
            while let message = try messages.next() {
                if try counts(message) { return true }
            }
            return false
        } catch {
            return true
        }
    }
}
