import IPVS
import LoadBalancing
import Netlink

/// A virtual server as another program might send it: every attribute as a number.
struct RawService {
    var family: UInt16
    /// The address in the kernel's 16 bytes.
    var address: (high: UInt64, low: UInt64)
    var protocolNumber: UInt16 = 6
    var port: UInt16 = 80
    /// 0 for none.
    var mark: UInt32 = 0
    var scheduler = "rr"
    var flags: UInt32 = 0
    var timeout: UInt32 = 0
    /// In host byte order, or a prefix length.
    var netmask: UInt32
    var engine: String?

    init(_ address: IPAddress, protocolNumber: UInt16 = 6, port: UInt16 = 80) {
        family = address.family == .ipv4 ? 2 : 10
        self.address = address.family == .ipv4 ? (UInt64(address.v4Value) << 32, 0) : (address.high, address.low)
        netmask = address.family == .ipv4 ? .max : 128
        self.protocolNumber = protocolNumber
        self.port = port
    }

    /// The same with other attributes.
    func with(_ change: (inout RawService) -> Void) -> RawService {
        var service = self
        change(&service)
        return service
    }
}

/// A real server as another program might send it.
struct RawDestination {
    var address: IPAddress
    var port: UInt16 = 80
    var method: UInt32 = 0
    var weight: UInt32 = 1
    var upperThreshold: UInt32 = 0
    var lowerThreshold: UInt32 = 0
    var tunnelType: UInt8 = 0
    var tunnelPort: UInt16 = 0
    var tunnelFlags: UInt16 = 0

    init(
        _ address: IPAddress, port: UInt16 = 80, _ change: (inout RawDestination) -> Void = { _ in }
    ) {
        self.address = address
        self.port = port
        change(&self)
    }
}

/// The kernel's table without anything of ours between but the bytes: a witness, and another program.
///
/// Attribute numbers are those of `<linux/ip_vs.h>`, written out, so that no decoder under test is trusted.
struct RawTable {
    private let channel: GenericNetlinkChannel

    init() throws {
        channel = GenericNetlinkChannel(
            transport: try GenericNetlinkSocket(),
            family: try GenericNetlinkSocket.resolveFamily(IPVSClient.familyName),
            version: 1)
    }

    /// Adds a virtual server; returns what the kernel refuses it with, 0 for nothing.
    func add(_ service: RawService) throws -> Int32 {
        try send(1) { $0.putService(service, isWhole: true) }
    }

    /// Adds a real server to a virtual server.
    func add(_ destination: RawDestination, to service: RawService) throws -> Int32 {
        try send(5) { builder in
            builder.putService(service, isWhole: false)
            builder.nest(2) { $0.put(destination) }
        }
    }

    /// Changes a real server.
    func edit(_ destination: RawDestination, of service: RawService) throws -> Int32 {
        try send(6) { builder in
            builder.putService(service, isWhole: false)
            builder.nest(2) { $0.put(destination) }
        }
    }

    func flush() throws { _ = try send(17) { _ in } }

    /// Every attribute of every virtual server and real server but the counters, as text.
    func contents(of services: [RawService]) throws -> [String] {
        var lines = try channel.dump("dump", command: 4, initial: [String]()) { (lines, cursor) throws(NetlinkError) in
            while let service = try cursor.next(nested: 1) { lines.append(try Self.text(service, except: [10, 12])) }
        }
        for service in services {
            lines += try channel.dump(
                "dump", command: 8, initial: [String](), request: { $0.putService(service, isWhole: false) },
                reduce: { (lines, cursor) throws(NetlinkError) in
                    while let destination = try cursor.next(nested: 2) {
                        lines.append(try Self.text(destination, except: [7, 8, 9, 10, 12]))
                    }
                })
        }
        return lines.sorted()
    }

    private func send(_ command: UInt8, _ attributes: (inout MessageBuilder) -> Void) throws -> Int32 {
        try channel.sendBatch("raw", count: 1, command: { _ in command }, message: { attributes(&$1) }).first?.errno
            ?? 0
    }

    private static func text(_ cursor: consuming AttributeCursor, except left: Set<Int>) throws(NetlinkError) -> String
    {
        var text = ""
        while let attribute = try cursor.next() {
            guard !left.contains(attribute.type) else { continue }
            let bytes = attribute.payload.withUnsafeBytes { Array($0) }
            text += " \(attribute.type)=\(bytes)"
        }
        return text
    }
}

extension MessageBuilder {
    fileprivate mutating func putService(_ service: RawService, isWhole: Bool) {
        nest(1) { builder in
            builder.put(1, service.family)
            if service.mark != 0 {
                builder.put(5, service.mark)
            } else {
                builder.put(2, service.protocolNumber)
                builder.put(3, bytes16: service.address.high, service.address.low)
                builder.put(4, NetworkOrder(service.port))
            }
            guard isWhole else { return }
            builder.put(6, string: service.scheduler)
            if let engine = service.engine { builder.put(11, string: engine) }
            builder.put(7, pair: service.flags, .max)
            builder.put(8, service.timeout)
            builder.put(9, service.family == 2 ? service.netmask.bigEndian : service.netmask)
        }
    }

    fileprivate mutating func put(_ destination: RawDestination) {
        let address = destination.address
        put(11, UInt16(address.family == .ipv4 ? 2 : 10))
        let halves = address.family == .ipv4 ? (UInt64(address.v4Value) << 32, 0) : (address.high, address.low)
        put(1, bytes16: halves.0, halves.1)
        put(2, NetworkOrder(destination.port))
        put(3, destination.method)
        put(4, destination.weight)
        put(5, destination.upperThreshold)
        put(6, destination.lowerThreshold)
        put(13, destination.tunnelType)
        put(14, NetworkOrder(destination.tunnelPort))
        put(15, destination.tunnelFlags)
    }
}
