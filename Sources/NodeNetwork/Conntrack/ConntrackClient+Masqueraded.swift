internal import CNetlink
internal import Glibc
internal import LoadBalancing
package import Netlink

extension ConntrackClient {
    /// How many open connections a virtual server answers under an address that is not the client's.
    ///
    /// They need connection tracking until they end: without it, answers reach the node itself, which resets them. What
    /// is only translated on its way out, as from a pod to the internet, is not counted: whoever does that keeps
    /// tracking on himself. A connection that waits for its last packets is not open.
    package func masqueradedConnections() throws(NetlinkError) -> Int {
        var count = 0
        for family in AddressFamily.allCases { count += try masqueradedConnections(family) }
        return count
    }

    private func masqueradedConnections(_ family: AddressFamily) throws(NetlinkError) -> Int {
        do throws(NetlinkError) {
            return try channel.dump(
                "count masqueraded connections", ConntrackWire.head(IPCTNL_MSG_CT_GET, family), initial: 0,
                request: { builder in
                    // Older kernels than 5.19 give all.
                    builder.put(Int(CTA_STATUS.rawValue), NetworkOrder(UInt32(IPS_SRC_NAT.rawValue)))
                    builder.put(Int(CTA_STATUS_MASK.rawValue), NetworkOrder(UInt32(IPS_SRC_NAT.rawValue)))
                },
                reduce: { (count, message) throws(NetlinkError) in
                    guard let entry = try ConntrackEntry(message),
                        entry.original.destination.address != entry.reply.source.address,
                        try Progress(message).isMasqueradedAndOpen(entry.protocolNumber)
                    else { return }
                    count += 1
                })
        } catch {
            guard error.kind == .refused(EINVAL) else { throw error }
            throw NetlinkError(
                .familyMissing, operation: error.operation, message: "no connection tracking in this kernel")
        }
    }
}

/// How far a tracked connection is.
private struct Progress {
    private var status: UInt32 = 0
    /// `enum tcp_conntrack`; 0 for other protocols.
    private var state: UInt8 = 0

    init(_ message: borrowing Message) throws(NetlinkError) {
        var attributes = try message.attributes(after: MemoryLayout<nfgenmsg>.size)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(CTA_STATUS.rawValue): status = try attribute.networkOrder()
            case Int(CTA_PROTOINFO.rawValue):
                var protocols = attribute.nested
                guard var tcp = try protocols.next(nested: Int(CTA_PROTOINFO_TCP.rawValue)) else { continue }
                while let field = try tcp.next() {
                    if field.type == Int(CTA_PROTOINFO_TCP_STATE.rawValue) { state = try field.integer() }
                }
            default: break
            }
        }
    }

    func isMasqueradedAndOpen(_ protocolNumber: UInt8) -> Bool {
        guard status & UInt32(IPS_SRC_NAT.rawValue) != 0, status & UInt32(IPS_DYING.rawValue) == 0 else { return false }
        // Other protocols have no end that could be seen: flows of both directions count until they time out.
        guard protocolNumber == TransportProtocol.tcp.rawValue else {
            return status & UInt32(IPS_ASSURED.rawValue) != 0
        }
        return (UInt8(TCP_CONNTRACK_SYN_SENT.rawValue)...UInt8(TCP_CONNTRACK_LAST_ACK.rawValue)).contains(state)
    }
}
