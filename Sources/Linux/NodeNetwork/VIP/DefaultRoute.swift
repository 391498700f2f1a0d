internal import CNetlink
internal import LoadBalancing
internal import Netlink

/// A route to everywhere.
struct DefaultRoute: Hashable {
    /// The stations that it leads to: none for a route to a device, several for one of several paths.
    let gateways: Set<IPAddress>

    /// Reads a message of the kernel's about a route; `nil` unless it leads everywhere.
    init?(_ message: borrowing Message) throws(NetlinkError) {
        guard let family = AddressFamily(wireValue: try message.headerField(at: 0)),
            try message.headerField(at: 1, as: UInt8.self) == 0,
            try message.headerField(at: 7) == UInt8(RTN_UNICAST)
        else { return nil }
        var gateways: Set<IPAddress> = []
        try Self.read(message.attributes(after: MemoryLayout<rtmsg>.size), family, &gateways)
        self.gateways = gateways
    }

    private static func read(
        _ cursor: consuming AttributeCursor, _ family: AddressFamily, _ gateways: inout Set<IPAddress>
    ) throws(NetlinkError) {
        while let attribute = try cursor.next() {
            switch attribute.type {
            case Int(RTA_GATEWAY.rawValue): gateways.insert(try IPAddress(attribute, family: family))
            case Int(RTA_VIA.rawValue):
                // A gateway of the other family: two bytes name it.
                guard attribute.payload.byteCount > 2,
                    let other = AddressFamily(
                        wireValue: UInt8(truncatingIfNeeded: try attribute.integer(as: UInt16.self)))
                else { break }
                gateways.insert(try IPAddress(attribute.droppingFirst(2), family: other))
            case Int(RTA_MULTIPATH.rawValue):
                var paths = PathCursor(attribute.payload)
                while let path = try paths.next() { try read(path, family, &gateways) }
            default: break
            }
        }
    }
}

/// Walks the paths of a route (`rtnexthop`), as strictly as ``AttributeCursor`` walks attributes.
private struct PathCursor: ~Escapable {
    private var rest: RawSpan

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { rest = bytes }

    /// The attributes of the next path; `nil` at the end.
    @_lifetime(copy self)
    mutating func next() throws(NetlinkError) -> AttributeCursor? {
        let header = MemoryLayout<rtnexthop>.size
        guard rest.byteCount >= header else { return nil }
        let length = Int(rest.unsafeLoadUnaligned(as: UInt16.self))
        guard length >= header, length <= rest.byteCount else {
            throw NetlinkError(
                .malformed, operation: "read a route", message: "path length \(length), \(rest.byteCount) bytes left")
        }
        let attributes = rest.extracting(header..<length)
        rest = rest.extracting(droppingFirst: min((length + 3) & ~3, rest.byteCount))
        return AttributeCursor(attributes)
    }
}
