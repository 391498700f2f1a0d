internal import CNetlink
internal import DataPath
internal import LoadBalancing
internal import Netlink

/// An element of a set as the kernel tells of it.
struct WireElement {
    private(set) var key: [UInt8] = []
    /// The chain that its verdict leads to.
    private(set) var chain: String?
    /// Whether it comes back from there.
    private(set) var jumps = false
    /// Whether it is the first key after a range.
    private(set) var endsRange = false
    /// Whether it has something that no element of ours has: a time limit, a counter, another verdict.
    private(set) var isStrange = false

    init(_ attributes: consuming AttributeCursor) throws(NetlinkError) {
        while let attribute = try attributes.next() {
            switch UInt32(attribute.type) {
            case NFTA_SET_ELEM_KEY.rawValue: key = try Self.value(attribute.nested)
            case NFTA_SET_ELEM_FLAGS.rawValue:
                let flags = try attribute.networkOrder(as: UInt32.self)
                endsRange = flags == NFT_SET_ELEM_INTERVAL_END.rawValue
                isStrange = isStrange || !endsRange && flags != 0
            case NFTA_SET_ELEM_DATA.rawValue: try takeVerdict(attribute.nested)
            case NFTA_SET_ELEM_PAD.rawValue: break
            default: isStrange = true
            }
        }
    }

    private static func value(_ attributes: consuming AttributeCursor) throws(NetlinkError) -> [UInt8] {
        while let attribute = try attributes.next() {
            guard attribute.type == Int(NFTA_DATA_VALUE.rawValue) else { continue }
            return attribute.payload.withUnsafeBytes { Array($0) }
        }
        return []
    }

    private mutating func takeVerdict(_ attributes: consuming AttributeCursor) throws(NetlinkError) {
        isStrange = true
        guard var verdict = try attributes.next(nested: Int(NFTA_DATA_VERDICT.rawValue)) else { return }
        while let attribute = try verdict.next() {
            switch UInt32(attribute.type) {
            case NFTA_VERDICT_CODE.rawValue:
                let code = Int32(bitPattern: try attribute.networkOrder(as: UInt32.self))
                jumps = code == NFT_JUMP.rawValue
                isStrange = !jumps && code != NFT_GOTO.rawValue
            case NFTA_VERDICT_CHAIN.rawValue: chain = attribute.string()
            default: break
            }
        }
    }
}

extension DataPathElement {
    /// What the kernel tells of an element of a set; `nil` for one that we would not have written.
    ///
    /// - Parameter lists: The lists of sources that are in the table, by the names of their chains.
    init?(_ wire: WireElement, in set: ElementSet, lists: [String: SourceList]) {
        var key = wire.key[...]
        guard !wire.isStrange, !wire.endsRange, let element = Self.element(&key, wire, set, lists) else { return nil }
        // Written again it has to be the same: nothing may be left over, no filling may be other than zeros.
        guard element.set == set, element.wireKey == wire.key else { return nil }
        self = element
    }

    private static func element(
        _ key: inout ArraySlice<UInt8>, _ wire: WireElement, _ set: ElementSet, _ lists: [String: SourceList]
    ) -> DataPathElement? {
        switch set {
        case .addresses4, .addresses6: return key.takeAddress(set.family).map { .address($0) }
        case .hairpins4, .hairpins6: return key.takeAddress(set.family).map { .hairpin($0) }
        case .healthCheckPorts: return key.takePort().map { .healthCheckPort($0) }
        case .services4, .services6:
            guard !wire.jumps, let server = key.takeServer(set.family),
                let treatment = ServiceTreatment.all.first(where: { $0.chainName == wire.chain })
            else { return nil }
            return .service(server, treatment)
        case .guards4, .guards6:
            guard wire.jumps, let server = key.takeServer(set.family), let chain = wire.chain else { return nil }
            if chain == SourceList.nobodyName { return .guarded(server, .none(set.family)) }
            return lists[chain].map { .guarded(server, $0) }
        case .sources: return nil
        }
    }
}

extension SourceList {
    /// The list whose set holds these elements; `nil` when it is none that we would have written.
    init?(_ family: AddressFamily, _ elements: [WireElement]) {
        var bounds: [(address: IPAddress, isEnd: Bool)] = []
        for element in elements {
            var key = element.key[...]
            guard !element.isStrange, element.chain == nil, let address = key.takeAddress(family), key.isEmpty
            else { return nil }
            bounds.append((address, element.endsRange))
        }
        var ranges: [ClosedRange<IPAddress>] = []
        var start: IPAddress?
        for bound in bounds.sorted(by: { ($0.address, $0.isEnd ? 0 : 1) < ($1.address, $1.isEnd ? 0 : 1) }) {
            if bound.isEnd {
                // nft ends what comes before the first range too.
                if let first = start, let last = bound.address.previous, first <= last { ranges.append(first...last) }
                start = nil
            } else if start == nil {
                start = bound.address
            } else {
                return nil
            }
        }
        if let start { ranges.append(start...family.lastAddress) }
        self.init(family, merging: ranges)
    }
}

extension AddressFamily {
    fileprivate var lastAddress: IPAddress {
        self == .ipv4 ? IPAddress(v4: .max) : IPAddress(v6High: .max, low: .max)
    }
}

extension ElementSet {
    /// The family of its addresses; no matter for ports.
    fileprivate var family: AddressFamily { types.contains("ipv6_addr") ? .ipv6 : .ipv4 }
}

extension ArraySlice<UInt8> {
    fileprivate mutating func takeServer(_ family: AddressFamily) -> VirtualServerKey? {
        guard let address = takeAddress(family), let number = popFirst(),
            let transportProtocol = TransportProtocol(rawValue: number)
        else { return nil }
        removeFirst(Swift.min(3, count))
        guard let port = takePort() else { return nil }
        removeFirst(Swift.min(2, count))
        return .endpoint(transportProtocol, Endpoint(address, port: port))
    }

    fileprivate mutating func takePort() -> UInt16? { takeBigEndian(bytes: 2).map { UInt16($0) } }

    fileprivate mutating func takeAddress(_ family: AddressFamily) -> IPAddress? {
        if family == .ipv4 { return takeBigEndian(bytes: 4).map { IPAddress(v4: UInt32($0)) } }
        guard let high = takeBigEndian(bytes: 8), let low = takeBigEndian(bytes: 8) else { return nil }
        return IPAddress(v6High: high, low: low)
    }

    private mutating func takeBigEndian(bytes length: Int) -> UInt64? {
        guard count >= length else { return nil }
        defer { removeFirst(length) }
        return prefix(length).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
