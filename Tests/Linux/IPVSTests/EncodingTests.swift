// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Netlink
import TestSupport
import Testing

@testable import IPVS

/// A message as a tree, so that two can be compared whatever the order of their attributes.
private struct MessageTree: Equatable {
    let command: UInt8
    let attributes: [Int: Node]

    indirect enum Node: Equatable {
        case bytes([UInt8])
        case nested([Int: Node])
    }

    /// - Parameter payload: Generic netlink header and attributes; the outer ones are nested unless they are numbers.
    init(_ payload: [UInt8]) throws {
        command = payload[0]
        attributes = try Self.attributes(Array(payload[4...])) { type in type <= 3 }
    }

    private static func attributes(_ bytes: [UInt8], isNested: (Int) -> Bool) throws -> [Int: Node] {
        var found: [Int: Node] = [:]
        var cursor = AttributeCursor(bytes.span.bytes)
        while let attribute = try cursor.next() {
            let content = attribute.payload.withUnsafeBytes { Array($0) }
            found[attribute.type] =
                isNested(attribute.type) ? .nested(try attributes(content) { _ in false }) : .bytes(content)
        }
        return found
    }

    /// The attributes inside one of the outer ones.
    subscript(outer: Int) -> [Int: Node] {
        guard case .nested(let inner) = attributes[outer] else { return [:] }
        return inner
    }
}

@Suite struct EncodingTests {
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let dns = VirtualServerKey("udp [2001:db8::1]:53")!
    private static let masqueraded = RealServer(
        Endpoint("198.51.100.1:8080")!, weight: 7, upperThreshold: 100, lowerThreshold: 10)
    private static let daemon = SyncDaemon(role: .master, interface: "lo", syncID: 7)

    /// What the client sends for an operation.
    private func encode(_ operation: TableOperation) throws -> MessageTree {
        let transport = ScriptedTransport { _, sequences in [.datagram(WireBytes.verdict(0, sequence: sequences.last!))]
        }
        _ = try IPVSClient(transport: transport, family: 0x1C).apply([operation])
        return try MessageTree(Array(transport.sent[0][16...]))
    }

    /// Operations with what ipvsadm sent for the same thing.
    private static let wholeMessages: [(TableOperation, [UInt8])] = [
        (
            .addVirtualServer(
                VirtualServer(
                    web, scheduler: Scheduler("wrr"),
                    persistence: Persistence(timeout: 3600, granularity: .mask(0xFFFF_FF00)))),
            CapturedMessages.addTCP
        ),
        (
            .addVirtualServer(
                VirtualServer(dns, scheduler: Scheduler("mh", flags: [.flag1, .flag2]), onePacket: true)),
            CapturedMessages.addUDP6
        ),
        (
            .addVirtualServer(
                VirtualServer(
                    VirtualServerKey("fwmark 9 ipv6")!, scheduler: Scheduler("sh"),
                    persistence: Persistence(timeout: 60, granularity: .prefix(48)))),
            CapturedMessages.addMark
        ),
        (
            .addVirtualServer(
                VirtualServer(
                    VirtualServerKey("udp 192.0.2.1:5060")!, scheduler: Scheduler("rr"),
                    persistence: Persistence(timeout: 300, granularity: .single(.ipv4)), engine: "sip")),
            CapturedMessages.addSIP
        ),
        (.setTimeouts(ConnectionTimeouts(tcp: 100, tcpFin: 20, udp: 30)), CapturedMessages.setTimeouts),
    ]

    @Test(arguments: wholeMessages.indices)
    func virtualServersAreSentAsIpvsadmSendsThem(_ index: Int) throws {
        let (operation, captured) = Self.wholeMessages[index]
        #expect(try encode(operation) == MessageTree(captured))
    }

    /// Real servers: ipvsadm sends the whole virtual server along, of which the kernel reads only the key.
    private static let realServers: [(TableOperation, [UInt8])] = [
        (.addRealServer(masqueraded, to: web), CapturedMessages.addMasqueraded),
        (
            .addRealServer(
                RealServer(Endpoint("198.51.100.2:80")!, forwarding: .tunnel(.gue(port: 6080, checksum: .remote))),
                to: web),
            CapturedMessages.addGUE
        ),
        (
            .addRealServer(
                RealServer(Endpoint("[2001:db8::2]:53")!, forwarding: .direct, weight: RealServer.maximumWeight),
                to: dns),
            CapturedMessages.addIPv6
        ),
        (.removeRealServer(masqueraded.endpoint, from: web), CapturedMessages.removeRealServer),
        (.removeVirtualServer(web), CapturedMessages.removeVirtualServer),
    ]

    @Test(arguments: realServers.indices)
    func realServersAreSentAsIpvsadmSendsThem(_ index: Int) throws {
        let (operation, bytes) = Self.realServers[index]
        let (sent, captured) = (try encode(operation), try MessageTree(bytes))
        #expect(sent.command == captured.command)
        #expect(!sent[1].isEmpty)
        for (type, value) in sent[1] { #expect(captured[1][type] == value, "service attribute \(type)") }
        for (type, value) in sent[2] { #expect(captured[2][type] == value, "destination attribute \(type)") }
        // What ipvsadm sends beyond it are tunnel attributes, and settings of what is removed.
        let extra = Set(captured[2].keys).subtracting(sent[2].keys)
        let isRemoval = captured.command == Command.deleteDestination.rawValue
        #expect(isRemoval || extra.isSubset(of: [13, 14, 15]), "\(extra)")
    }

    @Test func daemonsAreSentAsIpvsadmSendsThem() throws {
        for (operation, bytes) in [
            (TableOperation.startSyncDaemon(Self.daemon), CapturedMessages.startDaemon),
            (.stopSyncDaemon(Self.daemon), CapturedMessages.stopDaemon),
        ] {
            let (sent, captured) = (try encode(operation), try MessageTree(bytes))
            #expect(sent.command == captured.command && !sent[3].isEmpty)
            for (type, value) in sent[3] { #expect(captured[3][type] == value, "daemon attribute \(type)") }
        }
    }

    /// No datagram ends between the two halves of a move: for a moment only, nobody serves in its place.
    @Test func movesAreNotSplit() throws {
        let transport = ScriptedTransport { _, sequences in
            func bytes(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
            let head = bytes(36) + [2, 0, 0, 0] + bytes(sequences.last ?? 0) + bytes(0)
            return [.datagram(head + bytes(0) + [UInt8](repeating: 0, count: 16))]
        }
        let client = IPVSClient(transport: transport, family: 30)
        let operations =
            [TableOperation.addRealServer(Self.masqueraded, to: Self.web)]
            + (1...700).map { number in
                .moveRealServer(
                    RealServer(Endpoint(IPAddress(v4: 0xC633_0000 + UInt32(number)), port: 80), forwarding: .direct),
                    of: Self.web)
            }
        #expect(try client.apply(operations).isEmpty)
        #expect(transport.sent.count > 2)
        var commands: [[UInt8]] = []
        for datagram in transport.sent {
            var (found, offset) = ([UInt8](), 0)
            while offset + 20 <= datagram.count {
                found.append(datagram[offset + 16])
                offset += (Int(WireBytes.uint32(datagram, at: offset)) + 3) & ~3
            }
            commands.append(found)
        }
        #expect(commands.map(\.count).reduce(0, +) == 1_401)
        for command in commands { #expect(command.last == Command.newDestination.rawValue) }
    }
}
