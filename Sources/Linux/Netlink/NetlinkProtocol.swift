internal import CNetlink

/// The parts of the kernel that sockets of ours speak with.
package enum NetlinkProtocol: Hashable, Sendable {
    /// Families of commands, IPVS among them (`NETLINK_GENERIC`).
    case generic
    /// Devices, addresses and routes (`NETLINK_ROUTE`).
    case route
    /// Connection tracking (`NETLINK_NETFILTER`).
    case netfilter

    /// The number that `socket(2)` takes.
    var number: Int32 {
        switch self {
        case .generic: NETLINK_GENERIC
        case .route: NETLINK_ROUTE
        case .netfilter: NETLINK_NETFILTER
        }
    }
}

extension NetlinkProtocol: CustomStringConvertible {
    /// `generic netlink`, `route netlink` or `netfilter netlink`.
    package var description: String {
        switch self {
        case .generic: "generic netlink"
        case .route: "route netlink"
        case .netfilter: "netfilter netlink"
        }
    }
}
