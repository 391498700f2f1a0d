internal import CNetlink
internal import Netlink

/// A device, as far as it matters here.
struct Link: Hashable {
    let index: UInt32
    var name = ""
    var alias = ""
    var kind = ""
    let isUp: Bool

    /// Whether we made it.
    var isOurs: Bool { kind == VIPDevice.kind && alias == VIPDevice.alias }

    /// Whose it is.
    var device: VIPDevice { isOurs ? .ours(isUp: isUp) : .foreign }

    /// Reads a message of the kernel's about a device.
    init(_ message: borrowing Message) throws(NetlinkError) {
        let header = MemoryLayout<ifinfomsg>.size
        index = try message.headerField(at: 4)
        isUp = try message.headerField(at: 8, as: UInt32.self) & 1 != 0  // IFF_UP
        var attributes = try message.attributes(after: header)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case IFLA_IFNAME: name = attribute.string()
            case IFLA_IFALIAS: alias = attribute.string()
            case IFLA_LINKINFO: kind = try Self.kind(attribute.nested)
            default: break
            }
        }
    }

    private static func kind(_ information: consuming AttributeCursor) throws(NetlinkError) -> String {
        while let attribute = try information.next() {
            if attribute.type == IFLA_INFO_KIND { return attribute.string() }
        }
        return ""
    }
}
