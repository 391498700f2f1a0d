internal import CNetlink
internal import LoadBalancing
internal import Netlink

extension ConntrackEntry {
    /// Reads an entry from a dump; `nil` for families and protocols that have no ports.
    init?(_ message: borrowing Message) throws(NetlinkError) {
        guard let family = AddressFamily(wireValue: try message.headerField(at: 0)) else { return nil }
        var original: Direction?
        var reply: Direction?
        var identifier: UInt32?
        var zone: UInt16 = 0
        var attributes = try message.attributes(after: MemoryLayout<nfgenmsg>.size)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(CTA_TUPLE_ORIG.rawValue): original = try Direction(attribute.nested, family)
            case Int(CTA_TUPLE_REPLY.rawValue): reply = try Direction(attribute.nested, family)
            case Int(CTA_ID.rawValue): identifier = try attribute.networkOrder()
            case Int(CTA_ZONE.rawValue): zone = try attribute.networkOrder()
            default: break
            }
        }
        guard let original, let reply, let identifier, let forward = original.tuple, let backward = reply.tuple else {
            return nil
        }
        self.init(
            protocolNumber: original.protocolNumber, original: forward, reply: backward, identifier: identifier,
            zone: zone, originalZone: original.zone)
    }

    /// What the kernel tells of one direction.
    private struct Direction {
        var source: IPAddress?
        var destination: IPAddress?
        var protocolNumber: UInt8 = 0
        var sourcePort: UInt16?
        var destinationPort: UInt16?
        var zone: UInt16?

        init(_ cursor: consuming AttributeCursor, _ family: AddressFamily) throws(NetlinkError) {
            while let attribute = try cursor.next() {
                switch attribute.type {
                case Int(CTA_TUPLE_IP.rawValue): try readAddresses(attribute.nested, family)
                case Int(CTA_TUPLE_PROTO.rawValue): try readPorts(attribute.nested)
                case Int(CTA_TUPLE_ZONE.rawValue): zone = try attribute.networkOrder()
                default: break
                }
            }
        }

        /// Both ends; `nil` for protocols without ports.
        var tuple: ConntrackTuple? {
            guard let source, let destination, let sourcePort, let destinationPort else { return nil }
            return ConntrackTuple(
                source: Endpoint(source, port: sourcePort), destination: Endpoint(destination, port: destinationPort))
        }

        private mutating func readAddresses(
            _ cursor: consuming AttributeCursor, _ family: AddressFamily
        ) throws(NetlinkError) {
            let types = ConntrackWire.addressTypes(family)
            while let attribute = try cursor.next() {
                if attribute.type == types.source { source = try IPAddress(attribute, family: family) }
                if attribute.type == types.destination { destination = try IPAddress(attribute, family: family) }
            }
        }

        private mutating func readPorts(_ cursor: consuming AttributeCursor) throws(NetlinkError) {
            while let attribute = try cursor.next() {
                switch attribute.type {
                case Int(CTA_PROTO_NUM.rawValue): protocolNumber = try attribute.integer()
                case Int(CTA_PROTO_SRC_PORT.rawValue): sourcePort = try attribute.networkOrder()
                case Int(CTA_PROTO_DST_PORT.rawValue): destinationPort = try attribute.networkOrder()
                default: break
                }
            }
        }
    }
}

extension MessageBuilder {
    /// Names an entry so that no other can be meant: its original direction, its zone and its identifier.
    mutating func put(_ entry: ConntrackEntry) {
        nest(Int(CTA_TUPLE_ORIG.rawValue)) { builder in
            let types = ConntrackWire.addressTypes(entry.original.source.address.family)
            builder.nest(Int(CTA_TUPLE_IP.rawValue)) {
                $0.put(types.source, entry.original.source.address)
                $0.put(types.destination, entry.original.destination.address)
            }
            builder.nest(Int(CTA_TUPLE_PROTO.rawValue)) {
                $0.put(Int(CTA_PROTO_NUM.rawValue), entry.protocolNumber)
                $0.put(Int(CTA_PROTO_SRC_PORT.rawValue), NetworkOrder(entry.original.source.port))
                $0.put(Int(CTA_PROTO_DST_PORT.rawValue), NetworkOrder(entry.original.destination.port))
            }
            if let zone = entry.originalZone { builder.put(Int(CTA_TUPLE_ZONE.rawValue), NetworkOrder(zone)) }
        }
        put(Int(CTA_ID.rawValue), NetworkOrder(entry.identifier))
        if entry.zone != 0 { put(Int(CTA_ZONE.rawValue), NetworkOrder(entry.zone)) }
    }

    /// Asks a dump for the entries of one protocol only (Linux 5.8; older kernels give all).
    mutating func putFilter(_ transport: TransportProtocol) {
        nest(Int(CTA_TUPLE_ORIG.rawValue)) { builder in
            builder.nest(Int(CTA_TUPLE_PROTO.rawValue)) { $0.put(Int(CTA_PROTO_NUM.rawValue), transport.rawValue) }
        }
        nest(Int(CTA_FILTER.rawValue)) {
            $0.put(Int(CTA_FILTER_ORIG_FLAGS.rawValue), ConntrackWire.protocolFilterFlag)
        }
    }
}
