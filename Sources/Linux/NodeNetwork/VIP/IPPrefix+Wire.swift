internal import CNetlink
internal import LoadBalancing
internal import Netlink

extension IPPrefix {
    /// Reads a message of the kernel's about a route; `nil` unless it is a local route of ours.
    init?(route message: borrowing Message, family: AddressFamily) throws(NetlinkError) {
        guard try message.headerField(at: 0) == family.wireValue,
            try message.headerField(at: 4) == VIPRequest.localTable,
            try message.headerField(at: 5) == VIPRoute.protocolNumber,
            try message.headerField(at: 7) == UInt8(RTN_LOCAL)
        else { return nil }
        // The route of everything has no destination.
        var address = family == .ipv4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0)
        var attributes = try message.attributes(after: MemoryLayout<rtmsg>.size)
        while let attribute = try attributes.next() {
            if attribute.type == Int(RTA_DST.rawValue) { address = try IPAddress(attribute, family: family) }
        }
        self.init(address, length: Int(try message.headerField(at: 1, as: UInt8.self)))
    }
}
