internal import CNetlink
package import LoadBalancing
internal import Netlink

/// A connection that the kernel tracks, of a protocol with ports.
package struct ConntrackEntry: Hashable, Sendable {
    /// The IP protocol's number.
    package let protocolNumber: UInt8
    /// From the client to where it sends.
    package let original: ConntrackTuple
    /// From who answers to where answers go: translated addresses show here.
    package let reply: ConntrackTuple
    /// Tells the entry from a later one of the same addresses (`CTA_ID`, in network byte order).
    package let identifier: UInt32
    /// The zone of both directions; 0 is the usual one.
    package let zone: UInt16
    /// The zone of the original direction, where it has one of its own.
    package let originalZone: UInt16?

    package init(
        protocolNumber: UInt8, original: ConntrackTuple, reply: ConntrackTuple, identifier: UInt32, zone: UInt16 = 0,
        originalZone: UInt16? = nil
    ) {
        self.protocolNumber = protocolNumber
        self.original = original
        self.reply = reply
        self.identifier = identifier
        self.zone = zone
        self.originalZone = originalZone
    }
}

extension ConntrackEntry: CustomStringConvertible {
    /// `192.0.2.1:40000 -> 10.96.0.10:53, answered by 10.244.1.5:53`.
    package var description: String {
        "\(original.source) -> \(original.destination), answered by \(reply.source)"
    }
}

/// One direction of a tracked connection.
package struct ConntrackTuple: Hashable, Sendable {
    package let source: Endpoint
    package let destination: Endpoint

    package init(source: Endpoint, destination: Endpoint) {
        self.source = source
        self.destination = destination
    }
}

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
