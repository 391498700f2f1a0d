internal import CNetlink
internal import Glibc
internal import Netlink

/// Numbers and heads of nftables' messages (`<linux/netfilter/nf_tables.h>`).
enum NFTablesWire {
    static let tableName = "ipvsync"
    /// `NFPROTO_INET`: IPv4 and IPv6.
    private static let inet: UInt8 = 1

    /// What stands in front of the attributes of a message about an `inet` table.
    static func head(_ message: nf_tables_msg_types, flags: Int32 = 0) -> MessageHead {
        MessageHead(
            type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(message.rawValue), flags: flags,
            header: nfgenmsg(nfgen_family: inet, version: UInt8(NFNETLINK_V0), res_id: 0))
    }

    /// What stands around the messages of one transaction; the subsystem is in network byte order.
    static func bracket(_ type: Int32) -> MessageHead {
        MessageHead(
            type: UInt16(type),
            header: nfgenmsg(
                nfgen_family: UInt8(AF_UNSPEC), version: UInt8(NFNETLINK_V0),
                res_id: UInt16(NFNL_SUBSYS_NFTABLES).bigEndian))
    }
}
