internal import CNetlink
internal import DataPath
internal import LoadBalancing
internal import Netlink

/// An element of a set as the kernel tells of it.
struct WireElement {
    private(set) var key: [UInt8] = []
    /// The last key that it stands for, where that is another one.
    private(set) var lastKey: [UInt8]?
    /// The chain that its verdict goes to.
    private(set) var chain: String?
    /// Whether it has something that no element of ours has: a time limit, a counter, another verdict.
    private(set) var isStrange = false

    init(_ attributes: consuming AttributeCursor) throws(NetlinkError) {
        while let attribute = try attributes.next() {
            switch UInt32(attribute.type) {
            case NFTA_SET_ELEM_KEY.rawValue: key = try Self.value(attribute.nested)
            case NFTA_SET_ELEM_KEY_END.rawValue: lastKey = try Self.value(attribute.nested)
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
                isStrange = try attribute.networkOrder(as: UInt32.self) != UInt32(bitPattern: NFT_GOTO.rawValue)
            case NFTA_VERDICT_CHAIN.rawValue: chain = attribute.string()
            default: break
            }
        }
    }
}

extension DataPathElement {
    /// What the kernel tells of an element of a set; `nil` for one that we would not have written.
    init?(_ wire: WireElement, in set: ElementSet) {
        var key = wire.key[...]
        guard !wire.isStrange, let element = Self.element(&key, wire, in: set) else { return nil }
        // Written again it has to be the same: nothing may be left over, no filling may be other than zeros.
        guard element.set == set, element.wireKey == wire.key,
            element.wireLastKey ?? wire.key == wire.lastKey ?? wire.key
        else { return nil }
        self = element
    }

    private static func element(
        _ key: inout ArraySlice<UInt8>, _ wire: WireElement, in set: ElementSet
    ) -> DataPathElement? {
        switch set {
        case .addresses4, .addresses6: return key.takeAddress(set.family).map { .address($0) }
        case .hairpins4, .hairpins6: return key.takeAddress(set.family).map { .hairpin($0) }
        case .healthCheckPorts: return key.takePort().map { .healthCheckPort($0) }
        case .services4, .services6:
            guard let server = key.takeServer(set.family),
                let treatment = ServiceTreatment.all.first(where: { $0.chainName == wire.chain })
            else { return nil }
            return .service(server, treatment)
        case .sources4, .sources6:
            var lastKey = (wire.lastKey ?? wire.key)[...]
            guard let server = key.takeServer(set.family), lastKey.takeServer(set.family) == server,
                let first = key.takeAddress(set.family), let last = lastKey.takeAddress(set.family),
                let network = IPPrefix(from: first, to: last)
            else { return nil }
            return .source(server, network)
        }
    }
}

extension ElementSet {
    /// The family of its addresses; no matter for ports.
    fileprivate var family: AddressFamily { types.contains("ipv6_addr") ? .ipv6 : .ipv4 }
}

extension IPPrefix {
    /// The network with that first and that last address.
    fileprivate init?(from first: IPAddress, to last: IPAddress) {
        let (high, low) = (first.high ^ last.high, first.low ^ last.low)
        let differing = high == 0 ? 64 - low.leadingZeroBitCount : 128 - high.leadingZeroBitCount
        self.init(first, length: first.family.bitWidth - differing)
        guard address == first, lastAddress == last else { return nil }
    }
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
