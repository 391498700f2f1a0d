internal import CNetlink
internal import DataPath
internal import LoadBalancing
internal import Netlink

extension DataPathElement {
    /// No element of ours takes more in a message: both keys of a source, IPv6, and the heads of their attributes.
    static let largestWireSize = 112

    /// Its key in the set: the fields one after another, each filled up to a multiple of four bytes.
    var wireKey: [UInt8] {
        var key: [UInt8] = []
        switch self {
        case .address(let address): key.append(address)
        case .service(let server, _): key.append(server)
        case .source(let server, let network):
            key.append(server)
            key.append(network.address)
        case .hairpin(let address):
            key.append(address)
            key.append(address)
        case .healthCheckPort(let port): key.append(port)
        }
        return key
    }

    /// The last key that it stands for, in a set of networks.
    var wireLastKey: [UInt8]? {
        guard case .source(let server, let network) = self else { return nil }
        var key: [UInt8] = []
        key.append(server)
        key.append(network.lastAddress)
        return key
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ server: VirtualServerKey) {
        guard case .endpoint(let transportProtocol, let endpoint) = server else { return }
        append(endpoint.address)
        self += [UInt8(transportProtocol.rawValue), 0, 0, 0]
        append(endpoint.port)
        self += [0, 0]
    }

    fileprivate mutating func append(_ port: UInt16) {
        self += [UInt8(port >> 8), UInt8(truncatingIfNeeded: port)]
    }

    fileprivate mutating func append(_ address: IPAddress) {
        switch address.family {
        case .ipv4: appendBigEndian(UInt64(address.v4Value) << 32, bytes: 4)
        case .ipv6:
            appendBigEndian(address.high, bytes: 8)
            appendBigEndian(address.low, bytes: 8)
        }
    }

    private mutating func appendBigEndian(_ value: UInt64, bytes count: Int) {
        for index in 0..<count { append(UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * index))) }
    }
}

extension MessageBuilder {
    /// Writes the name of a set and elements of it, the verdicts of a map included.
    mutating func put(_ elements: ArraySlice<DataPathElement>, of set: ElementSet) {
        put(Int(NFTA_SET_ELEM_LIST_TABLE.rawValue), string: NFTablesWire.tableName)
        put(Int(NFTA_SET_ELEM_LIST_SET.rawValue), string: set.name)
        guard !elements.isEmpty else { return }
        nest(Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue)) { builder in
            for element in elements { builder.nest(Int(NFTA_LIST_ELEM.rawValue)) { $0.put(element) } }
        }
    }

    private mutating func put(_ element: DataPathElement) {
        nest(Int(NFTA_SET_ELEM_KEY.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes: element.wireKey) }
        if let last = element.wireLastKey {
            nest(Int(NFTA_SET_ELEM_KEY_END.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes: last) }
        }
        guard case .service(_, let treatment) = element else { return }
        nest(Int(NFTA_SET_ELEM_DATA.rawValue)) { builder in
            builder.nest(Int(NFTA_DATA_VERDICT.rawValue)) { verdict in
                verdict.put(Int(NFTA_VERDICT_CODE.rawValue), NetworkOrder(UInt32(bitPattern: NFT_GOTO.rawValue)))
                verdict.put(Int(NFTA_VERDICT_CHAIN.rawValue), string: treatment.chainName)
            }
        }
    }
}
