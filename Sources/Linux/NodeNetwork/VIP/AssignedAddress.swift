internal import CNetlink
internal import Glibc
internal import LoadBalancing
package import Netlink

/// An address of a device.
struct AssignedAddress: Hashable {
    let address: IPAddress
    /// Whether it stands alone, with no network and no peer: the only form that we make.
    let isSingle: Bool
    /// The broadcast address of its network; `nil` where there is none.
    let broadcast: IPAddress?
    /// The device's number.
    let link: UInt32

    /// Reads a message of the kernel's about an address; `nil` for other families than IP.
    init?(_ message: borrowing Message) throws(NetlinkError) {
        guard let family = AddressFamily(wireValue: try message.headerField(at: 0)) else { return nil }
        var local: IPAddress?
        var other: IPAddress?
        var broadcast: IPAddress?
        var attributes = try message.attributes(after: MemoryLayout<ifaddrmsg>.size)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case IFA_LOCAL: local = try IPAddress(attribute, family: family)
            case IFA_BROADCAST: broadcast = try IPAddress(attribute, family: family)
            case IFA_ADDRESS: other = try IPAddress(attribute, family: family)
            default: break
            }
        }
        // With a peer, the device's own address is the local one and the other is the peer's.
        guard let address = local ?? other else {
            throw NetlinkError(.malformed, operation: "read an address", message: "without an address")
        }
        self.address = address
        let length = Int(try message.headerField(at: 1, as: UInt8.self))
        isSingle = length == family.bitWidth && other ?? address == address
        // The kernel answers to the network's last address whether it was told so or not; RFC 3021 has none.
        let last = family == .ipv4 && length < 31 ? IPPrefix(address, length: length)?.lastAddress : nil
        self.broadcast = broadcast ?? last
        link = try message.headerField(at: 4)
    }
}

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
