internal import CNetlink
internal import LoadBalancing
internal import Netlink

extension AddressFamily {
    /// `AF_INET` or `AF_INET6`.
    var wireValue: UInt16 { self == .ipv4 ? UInt16(AF_INET) : UInt16(AF_INET6) }

    init(wireValue: UInt16) throws(NetlinkError) {
        switch Int32(wireValue) {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: throw NetlinkError(.malformed, operation: "read an address family", message: "family \(wireValue)")
        }
    }
}

extension IPAddress {
    /// Reads the kernel's `union nf_inet_addr`: 16 bytes, an IPv4 address in the first 4.
    init(wire halves: (high: UInt64, low: UInt64), family: AddressFamily) {
        switch family {
        case .ipv4: self.init(v4: UInt32(halves.high >> 32))
        case .ipv6: self.init(v6High: halves.high, low: halves.low)
        }
    }
}

extension MessageBuilder {
    /// Writes the kernel's `union nf_inet_addr`.
    mutating func put(_ type: Int, _ address: IPAddress) {
        switch address.family {
        case .ipv4: put(type, bytes16: UInt64(address.v4Value) << 32, 0)
        case .ipv6: put(type, bytes16: address.high, address.low)
        }
    }
}
