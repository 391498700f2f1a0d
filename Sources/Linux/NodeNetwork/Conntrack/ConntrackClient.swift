internal import CNetlink
internal import Glibc
internal import LoadBalancing
package import Netlink

/// The connections that one network namespace tracks, over netfilter netlink.
///
/// Every call needs `CAP_NET_ADMIN` and blocks its thread until the kernel has answered. A kernel without connection
/// tracking answers ``NetlinkError/Kind/familyMissing``: there is nothing to delete then.
package final class ConntrackClient {
    let channel: NetlinkChannel

    /// A client over a transport.
    package init(transport: any NetlinkTransport) {
        channel = NetlinkChannel(transport: transport)
    }

    /// A client for the calling process's network namespace.
    package convenience init() throws(NetlinkError) {
        self.init(transport: try NetlinkSocket(.netfilter))
    }

    /// The entries of these flows. Others are never among them, whatever the kernel sends.
    package func entries(matching flows: Set<StaleFlow>) throws(NetlinkError) -> [ConntrackEntry] {
        let byRealServer = Dictionary(grouping: flows, by: \.realServer)
        var found: [ConntrackEntry] = []
        for dump in Set(flows.map(Dump.init)).sorted() where dump.transport != .tcp {
            found += try entries(dump) { entry in
                byRealServer[entry.reply.source]?.contains { $0.matches(entry) } ?? false
            }
        }
        return found
    }

    /// Deletes the entries of these flows and nothing else.
    ///
    /// - Returns: How many there were; entries that went by themselves meanwhile do not count.
    package func deleteEntries(_ flows: Set<StaleFlow>) throws(NetlinkError) -> Int {
        let entries = try entries(matching: flows)
        let operation = "delete \(entries.count) tracked connections"
        let failures = try channel.sendBatch(
            operation, count: entries.count,
            head: { ConntrackWire.head(IPCTNL_MSG_CT_DELETE, entries[$0].original.source.address.family) },
            message: { index, builder in builder.put(entries[index]) })
        if let failure = failures.first(where: { $0.errno != ENOENT }) {
            throw NetlinkError(.refused(failure.errno), operation: operation, message: failure.message)
        }
        return entries.count - failures.count
    }
}

extension ConntrackClient {
    /// What one dump asks for.
    private struct Dump: Hashable, Comparable {
        let family: AddressFamily
        let transport: TransportProtocol

        init(_ flow: StaleFlow) {
            family = flow.realServer.address.family
            transport = flow.transport
        }

        static func < (left: Self, right: Self) -> Bool {
            (left.family, left.transport) < (right.family, right.transport)
        }
    }

    private func entries(
        _ dump: Dump, where isWanted: (ConntrackEntry) -> Bool
    ) throws(NetlinkError) -> [ConntrackEntry] {
        do throws(NetlinkError) {
            return try entries(dump, isFiltered: true, where: isWanted)
        } catch {
            guard error.kind == .refused(EINVAL) else { throw error }
        }
        // Either the kernel does not take the filter, or it knows nothing of the subsystem.
        do throws(NetlinkError) {
            return try entries(dump, isFiltered: false, where: isWanted)
        } catch {
            guard error.kind == .refused(EINVAL) else { throw error }
            throw NetlinkError(
                .familyMissing, operation: error.operation, message: "no connection tracking in this kernel")
        }
    }

    private func entries(
        _ dump: Dump, isFiltered: Bool, where isWanted: (ConntrackEntry) -> Bool
    ) throws(NetlinkError) -> [ConntrackEntry] {
        try channel.dump(
            "list tracked \(dump.transport) connections", ConntrackWire.head(IPCTNL_MSG_CT_GET, dump.family),
            initial: [], request: { if isFiltered { $0.putFilter(dump.transport) } },
            reduce: { (entries, message) throws(NetlinkError) in
                guard let entry = try ConntrackEntry(message), entry.protocolNumber == dump.transport.rawValue,
                    isWanted(entry)
                else { return }
                entries.append(entry)
            })
    }
}
