internal import CNetlink
internal import Glibc
internal import LoadBalancing
internal import Netlink

extension AddressFamily {
    /// `AF_INET` or `AF_INET6`, as the one byte that family headers begin with.
    var wireValue: UInt8 { UInt8(self == .ipv4 ? AF_INET : AF_INET6) }

    /// `nil` for any other family, whose messages are passed over.
    init?(wireValue: UInt8) {
        switch Int32(wireValue) {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: return nil
        }
    }
}

extension IPAddress {
    /// Reads an address of 4 or 16 bytes in network byte order.
    init(_ attribute: borrowing Attribute, family: AddressFamily) throws(NetlinkError) {
        switch family {
        case .ipv4: self.init(v4: try attribute.networkOrder())
        case .ipv6:
            let halves = try attribute.bytes16()
            self.init(v6High: halves.high, low: halves.low)
        }
    }

    /// Whether it means something on one link only (`fe80::/10`).
    var isLinkLocalV6: Bool { family == .ipv6 && high >> 54 == 0x3FA }
}

extension MessageBuilder {
    /// Writes an address of 4 or 16 bytes in network byte order.
    mutating func put(_ type: Int, _ address: IPAddress) {
        switch address.family {
        case .ipv4: put(type, NetworkOrder(address.v4Value))
        case .ipv6: put(type, bytes16: address.high, address.low)
        }
    }
}
