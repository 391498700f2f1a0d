internal import CNetlink
internal import DataPath
internal import LoadBalancing
internal import Netlink

extension DataPathElement {
    /// No element of ours takes more in a message: key and verdict of a guard, IPv6, and the heads of their attributes.
    static let largestWireSize = 128

    /// Its key in the set: the fields one after another, each filled up to a multiple of four bytes. A list of sources
    /// has none.
    var wireKey: [UInt8] {
        switch self {
        case .address(let address): address.bytes
        case .service(let server, _), .guarded(let server, _): server.wireKey
        case .sources, .unseenConnections: []
        case .hairpin(let address): address.bytes + address.bytes
        case .healthCheckPort(let port): port.wireBytes
        }
    }

    /// What its verdict does, and the chain that it leads to.
    fileprivate var wireVerdict: (code: Int32, chain: String)? {
        switch self {
        case .service(_, let treatment): (NFT_GOTO.rawValue, treatment.chainName)
        case .guarded(_, let list): (NFT_JUMP.rawValue, list.chainName)
        default: nil
        }
    }
}

extension VirtualServerKey {
    fileprivate var wireKey: [UInt8] {
        guard case .endpoint(let transportProtocol, let endpoint) = self else { return [] }
        return endpoint.address.bytes + [UInt8(transportProtocol.rawValue), 0, 0, 0] + endpoint.port.wireBytes + [0, 0]
    }
}

extension UInt16 {
    fileprivate var wireBytes: [UInt8] { [UInt8(self >> 8), UInt8(truncatingIfNeeded: self)] }
}

extension MessageBuilder {
    /// Writes the name of a set and elements of it, the verdicts of a map included.
    mutating func put(_ elements: ArraySlice<DataPathElement>, ofSet name: String) {
        put(Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), string: NFTablesWire.tableName)
        put(Int(NFTA_SET_ELEM_LIST_SET.rawValue), string: name)
        guard !elements.isEmpty else { return }
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { builder in
            for element in elements { builder.nest(Int(NFTA_LIST_ELEM.rawValue)) { $0.put(element) } }
        }
    }

    private mutating func put(_ element: DataPathElement) {
        nest(Int(NFTA_SET_ELEM_KEY.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes: element.wireKey) }
        guard let verdict = element.wireVerdict else { return }
        nest(Int(NFTA_SET_ELEM_DATA.rawValue)) { $0.putVerdict(verdict.code, chain: verdict.chain) }
    }

    /// Writes a verdict, and the chain that it leads to if it leads to one.
    mutating func putVerdict(_ code: Int32, chain: String? = nil) {
        nest(Int(NFTA_DATA_VERDICT.rawValue)) { verdict in
            verdict.put(Int(NFTA_VERDICT_CODE.rawValue), NetworkOrder(UInt32(bitPattern: code)))
            if let chain { verdict.put(Int(NFTA_VERDICT_CHAIN.rawValue), string: chain) }
        }
    }
}
