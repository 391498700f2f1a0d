internal import CNetlink
internal import DataPath
internal import Glibc
internal import LoadBalancing
internal import Netlink

/// The messages that make and remove a list of sources, in their order.
enum SourceListMessage {
    case makeSet
    /// Some of the ranges.
    case fill(ArraySlice<ClosedRange<IPAddress>>)
    case makeChain
    /// Takes the rules out of the chain: made anew it has one, whatever it had.
    case emptyChain
    case makeRule
    case removeChain
    case removeSet

    /// Ranges of one message: their list's length has to fit 16 bits.
    private static let rangeLimit = 400

    static func additions(_ list: SourceList) -> [SourceListMessage] {
        var messages: [SourceListMessage] = [.makeSet]
        var rest = list.ranges[...]
        while !rest.isEmpty {
            messages.append(.fill(rest.prefix(rangeLimit)))
            rest = rest.dropFirst(rangeLimit)
        }
        return messages + [.makeChain, .emptyChain, .makeRule]
    }

    static let removals: [SourceListMessage] = [.emptyChain, .removeChain, .removeSet]

    var head: MessageHead {
        switch self {
        case .makeSet: NFTablesWire.head(NFT_MSG_NEWSET, flags: NLM_F_CREATE)
        case .fill: NFTablesWire.head(NFT_MSG_NEWSETELEM, flags: NLM_F_CREATE)
        case .makeChain: NFTablesWire.head(NFT_MSG_NEWCHAIN, flags: NLM_F_CREATE)
        case .emptyChain: NFTablesWire.head(NFT_MSG_DELRULE)
        case .makeRule: NFTablesWire.head(NFT_MSG_NEWRULE, flags: NLM_F_CREATE | NLM_F_APPEND)
        case .removeChain: NFTablesWire.head(NFT_MSG_DELCHAIN)
        case .removeSet: NFTablesWire.head(NFT_MSG_DELSET)
        }
    }

    /// Bytes that it takes at most: a range is two keys with the heads of their attributes and a flag.
    var size: Int {
        guard case .fill(let ranges) = self else { return 512 }
        return 256 + ranges.count * 72
    }
}

extension MessageBuilder {
    /// Writes a message about a list of sources.
    mutating func put(_ message: SourceListMessage, of list: SourceList) {
        switch message {
        case .makeSet: putSet(list)
        case .fill(let ranges): put(ranges, of: list)
        case .makeChain, .removeChain:
            put(Int(NFTA_CHAIN_TABLE.rawValue), string: NFTablesWire.tableName)
            put(Int(NFTA_CHAIN_NAME.rawValue), string: list.chainName)
        case .emptyChain:
            put(Int(NFTA_RULE_TABLE.rawValue), string: NFTablesWire.tableName)
            put(Int(NFTA_RULE_CHAIN.rawValue), string: list.chainName)
        case .makeRule: putRule(list)
        case .removeSet:
            put(Int(NFTA_SET_TABLE.rawValue), string: NFTablesWire.tableName)
            put(Int(NFTA_SET_NAME.rawValue), string: list.chainName)
        }
    }

    private mutating func putSet(_ list: SourceList) {
        // The numbers that nft gives to the types ipv4_addr and ipv6_addr.
        let type: UInt32 = list.family == .ipv4 ? 7 : 8
        put(Int(NFTA_SET_TABLE.rawValue), string: NFTablesWire.tableName)
        put(Int(NFTA_SET_NAME.rawValue), string: list.chainName)
        put(Int(NFTA_SET_FLAGS.rawValue), NetworkOrder(UInt32(NFT_SET_INTERVAL.rawValue)))
        put(Int(NFTA_SET_KEY_TYPE.rawValue), NetworkOrder(type))
        put(Int(NFTA_SET_KEY_LEN.rawValue), NetworkOrder(UInt32(list.family.bitWidth / 8)))
        // Only sets without a name are told apart by it.
        put(Int(NFTA_SET_ID.rawValue), NetworkOrder(UInt32(1)))
        // For nft, which has to know to list it: the byte order of keys (type 0) is big-endian (2, in the host's order).
        put(Int(NFTA_SET_USERDATA.rawValue), bytes: [0, 4] + withUnsafeBytes(of: UInt32(2)) { Array($0) })
    }

    /// A range is the element that begins it, and the one after it, which ends it; the last address needs no end.
    private mutating func put(_ ranges: ArraySlice<ClosedRange<IPAddress>>, of list: SourceList) {
        put(Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), string: NFTablesWire.tableName)
        put(Int(NFTA_SET_ELEM_LIST_SET.rawValue), string: list.chainName)
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { builder in
            for range in ranges {
                builder.nest(Int(NFTA_LIST_ELEM.rawValue)) { $0.putKey(range.lowerBound) }
                guard let end = range.upperBound.next else { continue }
                builder.nest(Int(NFTA_LIST_ELEM.rawValue)) { element in
                    element.put(
                        Int(NFTA_SET_ELEM_FLAGS.rawValue), NetworkOrder(UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue)))
                    element.putKey(end)
                }
            }
        }
    }

    private mutating func putKey(_ address: IPAddress) {
        nest(Int(NFTA_SET_ELEM_KEY.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes: address.bytes) }
    }

    /// The rule of the list's chain, as nft would write it: is it of this family, is its source in the set, else drop.
    private mutating func putRule(_ list: SourceList) {
        let isIPv4 = list.family == .ipv4
        put(Int(NFTA_RULE_TABLE.rawValue), string: NFTablesWire.tableName)
        put(Int(NFTA_RULE_CHAIN.rawValue), string: list.chainName)
        nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { rule in
            rule.putExpression("meta") {
                $0.put(Int(NFTA_META_KEY.rawValue), NetworkOrder(UInt32(NFT_META_NFPROTO.rawValue)))
                $0.put(Int(NFTA_META_DREG.rawValue), NetworkOrder(UInt32(NFT_REG_1.rawValue)))
            }
            rule.putExpression("cmp") {
                $0.put(Int(NFTA_CMP_SREG.rawValue), NetworkOrder(UInt32(NFT_REG_1.rawValue)))
                $0.put(Int(NFTA_CMP_OP.rawValue), NetworkOrder(UInt32(NFT_CMP_EQ.rawValue)))
                $0.nest(Int(NFTA_CMP_DATA.rawValue)) { data in
                    data.put(Int(NFTA_DATA_VALUE.rawValue), bytes: [UInt8(isIPv4 ? AF_INET : AF_INET6)])
                }
            }
            rule.putExpression("payload") {
                $0.put(Int(NFTA_PAYLOAD_DREG.rawValue), NetworkOrder(UInt32(NFT_REG_1.rawValue)))
                $0.put(Int(NFTA_PAYLOAD_BASE.rawValue), NetworkOrder(UInt32(NFT_PAYLOAD_NETWORK_HEADER.rawValue)))
                // Where the source is in the header of the network layer.
                $0.put(Int(NFTA_PAYLOAD_OFFSET.rawValue), NetworkOrder(UInt32(isIPv4 ? 12 : 8)))
                $0.put(Int(NFTA_PAYLOAD_LEN.rawValue), NetworkOrder(UInt32(list.family.bitWidth / 8)))
            }
            rule.putExpression("lookup") {
                $0.put(Int(NFTA_LOOKUP_SET.rawValue), string: list.chainName)
                $0.put(Int(NFTA_LOOKUP_SREG.rawValue), NetworkOrder(UInt32(NFT_REG_1.rawValue)))
                $0.put(Int(NFTA_LOOKUP_FLAGS.rawValue), NetworkOrder(UInt32(NFT_LOOKUP_F_INV.rawValue)))
            }
            rule.putExpression("immediate") {
                $0.put(Int(NFTA_IMMEDIATE_DREG.rawValue), NetworkOrder(UInt32(NFT_REG_VERDICT.rawValue)))
                $0.nest(Int(NFTA_IMMEDIATE_DATA.rawValue)) { $0.putVerdict(0) }
            }
        }
        // The comment (type 0), which seals the rule.
        let comment = Array((list.chain.seals.first ?? "").utf8) + [0]
        put(Int(NFTA_RULE_USERDATA.rawValue), bytes: [0, UInt8(comment.count)] + comment)
    }

    private mutating func putExpression(_ name: String, _ attributes: (inout MessageBuilder) -> Void) {
        nest(Int(NFTA_LIST_ELEM.rawValue)) { builder in
            builder.put(Int(NFTA_EXPR_NAME.rawValue), string: name)
            builder.nest(Int(NFTA_EXPR_DATA.rawValue), attributes)
        }
    }
}
