internal import CNetlink
internal import DataPath
internal import Glibc
internal import LoadBalancing
package import Netlink

/// The elements of our table in one network namespace, over netfilter netlink.
///
/// What a table is made of is the business of the program `nft`; elements come and go by the thousand, and go to the
/// kernel straight: that takes a tenth of the time, and no program for one endpoint's change. Every call opens a socket
/// of its own, needs `CAP_NET_ADMIN`, and blocks its thread until the kernel has answered.
package struct NFTablesClient {
    /// Opens a transport whose datagrams out may have that many bytes.
    private let open: (Int) throws(NetlinkError) -> any NetlinkTransport

    /// The elements of one message: their list's length has to fit 16 bits.
    static let messageLimit = 500

    package init(open: @escaping (Int) throws(NetlinkError) -> any NetlinkTransport) { self.open = open }

    /// A client for the calling process's network namespace.
    package init() {
        self.init { (size) throws(NetlinkError) in
            try NetlinkSocket(.netfilter, sendBufferSize: Int32(clamping: 2 * size + 1 << 16))
        }
    }

    /// The number that goes up with every transaction of anybody; `nil` when the kernel has no nftables or does not
    /// answer.
    package func generation() -> UInt32? {
        let found = try? channel(4096).get(
            "ask for the ruleset's generation", NFTablesWire.head(NFT_MSG_GETGEN), initial: UInt32?.none,
            reduce: { (number, message) throws(NetlinkError) in
                var attributes = try message.attributes(after: MemoryLayout<nfgenmsg>.size)
                while let attribute = try attributes.next() {
                    if attribute.type == Int(NFTA_GEN_ID.rawValue) { number = try attribute.networkOrder() }
                }
            })
        return found ?? nil
    }

    /// The flags of a table of ours, 0 for one that works; `nil` when it is not there.
    func tableFlags(of name: String = NFTablesWire.tableName) throws(NetlinkError) -> UInt32? {
        do throws(NetlinkError) {
            return try channel(4096).get(
                "look for the table inet \(name)", NFTablesWire.head(NFT_MSG_GETTABLE), initial: UInt32?.none,
                request: { $0.put(Int(NFTA_TABLE_NAME.rawValue), string: name) },
                reduce: { (flags, message) throws(NetlinkError) in
                    flags = 0
                    var attributes = try message.attributes(after: MemoryLayout<nfgenmsg>.size)
                    while let attribute = try attributes.next() {
                        if attribute.type == Int(NFTA_TABLE_FLAGS.rawValue) { flags = try attribute.networkOrder() }
                    }
                })
        } catch {
            guard error.kind == .refused(ENOENT) else { throw error }
            return nil
        }
    }

    /// What a set of our table holds; those that we would not have written are only counted.
    ///
    /// - Parameter lists: The lists of sources that are in the table, by the names of their chains.
    func elements(
        of set: ElementSet, lists: [String: SourceList] = [:]
    ) throws(NetlinkError) -> (ours: [DataPathElement], strangers: Int) {
        try list(set.name, initial: ([], 0)) { found, wire in
            if let element = DataPathElement(wire, in: set, lists: lists) {
                found.ours.append(element)
            } else {
                found.strangers += 1
            }
        }
    }

    /// The list of sources whose set has that name; `nil` when it is none that we would have written.
    func sourceList(_ name: String, _ family: AddressFamily) throws(NetlinkError) -> SourceList? {
        let elements: [WireElement] = try list(name, initial: []) { $0.append($1) }
        guard let list = SourceList(family, elements), list.chainName == name else { return nil }
        return list
    }

    private func list<Found>(
        _ name: String, initial: Found, _ take: (inout Found, WireElement) -> Void
    ) throws(NetlinkError) -> Found {
        try channel(4096).dump(
            "list \(name) of the table inet ipvsync", NFTablesWire.head(NFT_MSG_GETSETELEM), initial: initial,
            request: { $0.put([], ofSet: name) },
            reduce: { (found, message) throws(NetlinkError) in
                var attributes = try message.attributes(after: MemoryLayout<nfgenmsg>.size)
                guard var list = try attributes.next(nested: Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) else { return }
                while let item = try list.next() { take(&found, try WireElement(item.nested)) }
            })
    }

    /// Takes elements away and then adds others, as a whole or not at all; both come set by set.
    ///
    /// - Parameter wakes: Whether a table that was made dormant gets to work with them.
    func change(
        removed: [DataPathElement], added: [DataPathElement], wakes: Bool = false
    ) throws(NFTablesError) {
        let operation = "change the table inet ipvsync"
        let messages =
            Self.messages(NFT_MSG_DELSETELEM, removed) + Self.messages(NFT_MSG_NEWSETELEM, added)
            + (wakes ? [.wake] : [])
        let failure: BatchFailure?
        do throws(NetlinkError) {
            failure = try send(messages, operation)
        } catch {
            throw NFTablesError(error)
        }
        guard let failure else { return }
        let reason = NetlinkError(.refused(failure.errno), operation: operation, message: failure.message).reason
        let isBracket = !messages.indices.contains(failure.index - 1)
        throw NFTablesError(
            operation: operation, message: isBracket ? reason : "\(reason) \(messages[failure.index - 1].place)")
    }

    private func send(_ messages: [ElementMessage], _ operation: String) throws(NetlinkError) -> BatchFailure? {
        let size = messages.reduce(256) { $0 + $1.size }
        return try channel(size).sendTransaction(
            operation, count: messages.count + 2,
            head: { index in
                switch index {
                case 0: NFTablesWire.bracket(NFNL_MSG_BATCH_BEGIN)
                case messages.count + 1: NFTablesWire.bracket(NFNL_MSG_BATCH_END)
                default: messages[index - 1].head
                }
            },
            message: { index, builder in
                if messages.indices.contains(index - 1) { messages[index - 1].write(to: &builder) }
            })
    }

    private func channel(_ size: Int) throws(NetlinkError) -> NetlinkChannel {
        NetlinkChannel(transport: try open(size), sendCapacity: size)
    }
}

// MARK: - Messages

extension NFTablesClient {
    private enum ElementMessage {
        case elements(nf_tables_msg_types, ElementSet, ArraySlice<DataPathElement>)
        case sources(SourceListMessage, SourceList)
        case wake

        var head: MessageHead {
            switch self {
            case .elements(let type, _, _):
                NFTablesWire.head(type, flags: type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0)
            case .sources(let message, _): message.head
            case .wake: NFTablesWire.head(NFT_MSG_NEWTABLE)
            }
        }

        /// Bytes that it takes at most.
        var size: Int {
            switch self {
            case .elements(_, _, let elements): 128 + elements.count * DataPathElement.largestWireSize
            case .sources(let message, _): message.size
            case .wake: 128
            }
        }

        /// Where it is, for an error.
        var place: String {
            switch self {
            case .elements(_, let set, let elements):
                elements.count == 1
                    ? "at \(set.name) \(elements[elements.startIndex].keyText)"
                    : "among \(elements.count) elements of \(set.name)"
            case .sources(_, let list): "at \(list.chainName)"
            case .wake: "at its flags"
            }
        }

        func write(to builder: inout MessageBuilder) {
            switch self {
            case .elements(_, let set, let elements): builder.put(elements, ofSet: set.name)
            case .sources(let message, let list): builder.put(message, of: list)
            case .wake:
                builder.put(Int(NFTA_TABLE_NAME.rawValue), string: NFTablesWire.tableName)
                builder.put(Int(NFTA_TABLE_FLAGS.rawValue), NetworkOrder(UInt32(0)))
            }
        }
    }

    /// Messages of one set each. What belongs to none is left out.
    private static func messages(_ type: nf_tables_msg_types, _ elements: [DataPathElement]) -> [ElementMessage] {
        var messages: [ElementMessage] = []
        var start = 0
        while start < elements.count {
            if case .sources(let list) = elements[start], elements[start].set != nil {
                let steps =
                    type == NFT_MSG_NEWSETELEM ? SourceListMessage.additions(list) : SourceListMessage.removals
                messages += steps.map { .sources($0, list) }
                start += 1
                continue
            }
            let set = elements[start].set
            var end = start + 1
            while end < elements.count, end - start < messageLimit, elements[end].set == set { end += 1 }
            if let set { messages.append(.elements(type, set, elements[start..<end])) }
            start = end
        }
        return messages
    }
}

/// Why the rules could not be read or changed.
package struct NFTablesError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried.
    package let operation: String
    /// What `nft` or the kernel said, or why neither could be asked.
    package let message: String

    package init(operation: String, message: String) {
        self.operation = operation
        self.message = message
    }

    /// A conversation with the kernel that failed.
    init(_ error: NetlinkError) {
        self.init(
            operation: error.operation,
            message: error.kind == .familyMissing ? "the kernel has no nftables: modprobe nf_tables" : error.reason)
    }

    package var description: String { "\(operation): \(message)" }
}

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
