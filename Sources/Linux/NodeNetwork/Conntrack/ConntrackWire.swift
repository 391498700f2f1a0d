internal import CNetlink
internal import LoadBalancing
internal import Netlink

/// Numbers of the subsystem (`<linux/netfilter/nfnetlink_conntrack.h>`).
enum ConntrackWire {
    /// Compares the protocol's number (`CTA_FILTER_F_CTA_PROTO_NUM` of the kernel's own headers).
    static let protocolFilterFlag: UInt32 = 1 << 3

    /// What stands in front of a request's attributes.
    static func head(_ message: cntl_msg_types, _ family: AddressFamily) -> MessageHead {
        MessageHead(
            type: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(message.rawValue),
            header: nfgenmsg(nfgen_family: family.wireValue, version: UInt8(NFNETLINK_V0), res_id: 0))
    }

    /// The attributes of a direction's addresses.
    static func addressTypes(_ family: AddressFamily) -> (source: Int, destination: Int) {
        switch family {
        case .ipv4: (Int(CTA_IP_V4_SRC.rawValue), Int(CTA_IP_V4_DST.rawValue))
        case .ipv6: (Int(CTA_IP_V6_SRC.rawValue), Int(CTA_IP_V6_DST.rawValue))
        }
    }
}
