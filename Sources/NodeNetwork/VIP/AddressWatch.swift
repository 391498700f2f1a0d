internal import CNetlink
internal import Glibc
internal import LoadBalancing
package import Netlink

/// Tells when devices of others get or lose addresses, or the node a default route, as a descriptor that can be waited for (`rtnetlink(7)`).
package struct AddressWatch: ~Copyable {
    package let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 32 << 10)

    /// A watch of the calling process's network namespace. It needs no rights.
    package init() throws(NetlinkError) {
        descriptor = try Self.open()
    }

    deinit { close(descriptor) }

    private static func open() throws(NetlinkError) -> Int32 {
        let type = Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_NETLINK, type, NETLINK_ROUTE)
        guard descriptor >= 0 else { throw failure }
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard code == 0 else {
            let error = failure
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static var failure: NetlinkError { NetlinkError(.system(errno), operation: "watch the node's addresses") }

    /// Whether something has changed since the last call: sometimes a change is told that is none.
    ///
    /// - Parameter device: Its addresses do not count, nor do link-local ones of IPv6.
    package mutating func hasChanged(except device: String) -> Bool {
        // Mostly there is nothing to read.
        lazy var ignored = if_nametoindex(device)
        var found = false
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                found = counts(buffer[..<count], ignored) || found
            } else if count == 0 || errno != EINTR && errno != ENOBUFS {
                return found
            } else {
                // With more news than fit, some of them are lost.
                found = found || errno == ENOBUFS
            }
        }
    }

    /// Whether a datagram tells of an address or route that counts; one that makes no sense may have.
    private func counts(_ bytes: ArraySlice<UInt8>, _ ignored: UInt32) -> Bool {
        do throws(NetlinkError) {
            var messages = MessageCursor(bytes.span.bytes)
            while let message = try messages.next() {
                guard Int(message.type) != RTM_NEWROUTE, Int(message.type) != RTM_DELROUTE else {
                    if try DefaultRoute(message) != nil { return true }
                    continue
                }
                guard let address = try AssignedAddress(message) else { continue }
                if address.link != ignored, !address.address.isLinkLocalV6 { return true }
            }
            return false
        } catch {
            return true
        }
    }
}
