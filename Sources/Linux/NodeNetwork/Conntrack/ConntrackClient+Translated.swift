internal import CNetlink
internal import Glibc
internal import LoadBalancing
package import Netlink

extension ConntrackClient {
    /// How many open connections are answered by another address than the client asked, or answered to another address
    /// than the client's, and by netfilter's doing.
    ///
    /// They need connection tracking until they end: without it, answers reach the node itself, which resets them. IPVS
    /// does without, unless somebody masquerades its packets. What is only translated on its way out, as from a pod to
    /// the internet, is not counted: whoever does that keeps tracking on himself. A connection that waits for its last
    /// packets is not open.
    package func translatedConnections() throws(NetlinkError) -> Int {
        var count = 0
        for family in AddressFamily.allCases {
            for translation in Translation.allCases { count += try connections(translation, family) }
        }
        return count
    }

    /// Masqueraded connections, and those that are only sent elsewhere: the kernel gives no entry under both.
    private enum Translation: CaseIterable {
        case source
        case destinationAlone

        var bits: UInt32 {
            switch self {
            case .source: UInt32(IPS_SRC_NAT.rawValue)
            case .destinationAlone: UInt32(IPS_DST_NAT.rawValue)
            }
        }

        var mask: UInt32 {
            switch self {
            case .source: UInt32(IPS_SRC_NAT.rawValue)
            case .destinationAlone: UInt32(IPS_NAT_MASK.rawValue)
            }
        }
    }

    private func connections(_ translation: Translation, _ family: AddressFamily) throws(NetlinkError) -> Int {
        do throws(NetlinkError) {
            return try channel.dump(
                "count translated connections", ConntrackWire.head(IPCTNL_MSG_CT_GET, family), initial: 0,
                request: { builder in
                    // Older kernels than 5.19 give all.
                    builder.put(Int(CTA_STATUS.rawValue), NetworkOrder(translation.bits))
                    builder.put(Int(CTA_STATUS_MASK.rawValue), NetworkOrder(translation.mask))
                },
                reduce: { (count, message) throws(NetlinkError) in
                    guard let entry = try ConntrackEntry(message),
                        entry.original.destination.address != entry.reply.source.address
                    else { return }
                    let progress = try Progress(message)
                    guard progress.status & translation.mask == translation.bits, progress.isOpen(entry.protocolNumber)
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
    private(set) var status: UInt32 = 0
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

    func isOpen(_ protocolNumber: UInt8) -> Bool {
        guard status & UInt32(IPS_DYING.rawValue) == 0 else { return false }
        // Other protocols have no end that could be seen: flows of both directions count until they time out.
        guard protocolNumber == TransportProtocol.tcp.rawValue else {
            return status & UInt32(IPS_ASSURED.rawValue) != 0
        }
        return (UInt8(TCP_CONNTRACK_SYN_SENT.rawValue)...UInt8(TCP_CONNTRACK_LAST_ACK.rawValue)).contains(state)
    }
}
