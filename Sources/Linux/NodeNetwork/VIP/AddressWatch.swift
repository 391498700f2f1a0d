internal import CNetlink
internal import Glibc
internal import LoadBalancing
package import Netlink

/// Tells when devices of others get or lose addresses, or the node a default route, as a descriptor that can be waited
/// for (`rtnetlink(7)`).
package struct AddressWatch: ~Copyable {
    private var news: NetlinkNews

    /// A watch of the calling process's network namespace. It needs no rights.
    package init() throws(NetlinkError) {
        news = try NetlinkNews(
            .route,
            groups: UInt32(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE),
            operation: "watch the node's addresses")
    }

    package var descriptor: Int32 { news.descriptor }

    /// Whether something has changed since the last call: sometimes a change is told that is none.
    ///
    /// - Parameter device: Its addresses do not count, nor do link-local ones of IPv6.
    package mutating func hasChanged(except device: String) -> Bool {
        // Mostly there is nothing to read.
        lazy var ignored = if_nametoindex(device)
        return news.hasNews { message throws(NetlinkError) in
            guard Int(message.type) != RTM_NEWROUTE, Int(message.type) != RTM_DELROUTE else {
                return try DefaultRoute(message) != nil
            }
            guard let address = try AssignedAddress(message) else { return false }
            return address.link != ignored && !address.address.isLinkLocalV6
        }
    }
}
