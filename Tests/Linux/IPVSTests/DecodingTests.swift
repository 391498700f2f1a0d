// swift-format-ignore-file: NeverForceUnwrap

import LoadBalancing
import Netlink
import TestSupport
import Testing

@testable import IPVS

/// A client whose kernel answers every dump with these payloads.
private func client(_ payloads: [[UInt8]]) -> IPVSClient {
    IPVSClient(
        transport: ScriptedTransport { _, sequences in
            payloads.map { .datagram(WireBytes.message(type: 0x1C, flags: 2, sequence: sequences[0], $0)) }
                + [.datagram(WireBytes.done(sequence: sequences[0]))]
        }, family: 0x1C)
}

@Suite struct DecodingTests {
    private static let web = VirtualServerKey("tcp 192.0.2.1:80")!
    private static let dns = VirtualServerKey("udp [2001:db8::1]:53")!

    @Test func virtualServersAreReadAsTheyWereMade() throws {
        let found = try client(CapturedMessages.virtualServerReplies).virtualServers(statistics: true)
        #expect(
            found.map(\.virtualServer) == [
                VirtualServer(
                    Self.web, scheduler: Scheduler("wrr"),
                    persistence: Persistence(timeout: 3600, granularity: .mask(0xFFFF_FF00))),
                VirtualServer(
                    VirtualServerKey("udp 192.0.2.1:5060")!, scheduler: Scheduler("rr"),
                    persistence: Persistence(timeout: 300, granularity: .single(.ipv4)), engine: "sip"),
                VirtualServer(Self.dns, scheduler: Scheduler("mh", flags: [.flag1, .flag2]), onePacket: true),
                VirtualServer(
                    VirtualServerKey("fwmark 9 ipv6")!, scheduler: Scheduler("sh"),
                    persistence: Persistence(timeout: 60, granularity: .prefix(48))),
            ])
        #expect(found.allSatisfy { $0.statistics == TrafficStatistics() })
        #expect(try client(CapturedMessages.virtualServerReplies).virtualServers().allSatisfy { $0.statistics == nil })
    }

    @Test func realServersAreReadAsTheyWereMade() throws {
        let found = try client(CapturedMessages.realServerReplies).realServers(of: Self.web)
        #expect(
            found.map(\.realServer) == [
                RealServer(Endpoint("198.51.100.1:8080")!, weight: 0),
                RealServer(Endpoint("198.51.100.2:80")!, forwarding: .tunnel(.gue(port: 6080, checksum: .remote))),
                RealServer(Endpoint("[2001:db8::2]:53")!, forwarding: .direct, weight: RealServer.maximumWeight),
            ])
    }

    @Test func settingsOfTheNamespaceAreRead() throws {
        #expect(try client([CapturedMessages.informationReply]).information().version == "1.2.1")
        #expect(try client([CapturedMessages.informationReply]).information().connectionTableSize == 4096)
        #expect(
            try client([CapturedMessages.timeoutsReply]).timeouts() == ConnectionTimeouts(tcp: 100, tcpFin: 20, udp: 30)
        )
        let daemons = try client([CapturedMessages.daemonReply]).syncDaemons()
        #expect(daemons.count == 1)
        #expect(daemons.first.map { SyncDaemon(role: .master, interface: "lo", syncID: 7).isSatisfied(by: $0) } == true)
    }

    @Test func aRepeatedEntryCountsOnceAndTheListIsSorted() throws {
        let replies = CapturedMessages.virtualServerReplies
        let found = try client(replies.reversed() + replies).virtualServers()
        #expect(found.map(\.key) == found.map(\.key).sorted() && found.count == replies.count)
    }

    /// Whatever arrives: a value or an error, never a crash.
    @Test func mutilatedRepliesNeverCrash() {
        let replies =
            CapturedMessages.virtualServerReplies + CapturedMessages.realServerReplies
            + [CapturedMessages.daemonReply, CapturedMessages.timeoutsReply, CapturedMessages.informationReply]
        for reply in replies {
            for length in 0..<reply.count { read(Array(reply[..<length])) }
            for position in reply.indices {
                for value in [0, 1, 4, 0x7F, 0xFF] as [UInt8] {
                    var changed = reply
                    changed[position] = value
                    read(changed)
                }
            }
        }
    }

    private func read(_ payload: [UInt8]) {
        let client = client([payload])
        _ = try? client.virtualServers(statistics: true)
        _ = try? client.realServers(of: Self.web, statistics: true)
        _ = try? client.syncDaemons()
        _ = try? client.timeouts()
        _ = try? client.information()
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var states = RandomStates(seed: 7)
        for _ in 0..<200 {
            for declared in states.desired().virtualServers {
                #expect(
                    try readBack(.addVirtualServer(declared.virtualServer)).virtualServers().map(\.virtualServer) == [
                        declared.virtualServer
                    ])
                for realServer in declared.realServers {
                    let found = try readBack(.addRealServer(realServer, to: declared.key)).realServers(of: declared.key)
                    #expect(found.map(\.realServer) == [realServer])
                }
            }
        }
    }

    @Test func whatHasNoNameIsReadBackByItsNumber() throws {
        for text in ["protocol-0 192.0.2.1:80", "protocol-47 [2001:db8::1]:0", "protocol-65535 192.0.2.1:80"] {
            let server = VirtualServer(VirtualServerKey(text)!, scheduler: Scheduler("rr"), engine: "sip")
            #expect(try readBack(.addVirtualServer(server)).virtualServers().map(\.virtualServer) == [server])
            #expect(server.key.description == text)
        }
        let methods: [ForwardingMethod] = [
            .other(5), .other(7), .bypass, .local, .tunnel(.other(type: 3, port: 9, flags: 0)),
            .tunnel(.other(type: 1, port: 6080, flags: 3)), .tunnel(.other(type: 2, port: 0, flags: 0x8000)),
        ]
        for method in methods {
            let server = RealServer(Endpoint("198.51.100.1:80")!, forwarding: method)
            let found = try readBack(.addRealServer(server, to: Self.web)).realServers(of: Self.web)
            #expect(found.map(\.realServer) == [server])
        }
    }

    @Test func keysOfNumbersSortBetweenTheNamedOnes() {
        let sorted = [
            "protocol-0 192.0.2.1:80", "tcp 192.0.2.1:80", "protocol-7 192.0.2.1:80", "udp 192.0.2.1:80",
            "protocol-47 192.0.2.1:80", "sctp 192.0.2.1:80", "protocol-256 192.0.2.1:80", "tcp 192.0.2.2:80",
            "protocol-47 192.0.2.3:80", "fwmark 1",
        ].map { VirtualServerKey($0)! }
        #expect(sorted.shuffled().sorted() == sorted)
        #expect(VirtualServerKey("protocol-6 192.0.2.1:80") == VirtualServerKey("tcp 192.0.2.1:80"))
        for text in [
            "protocol-65536 192.0.2.1:80", "protocol-+7 192.0.2.1:80", "protocol- 192.0.2.1:80", "47 192.0.2.1:80",
        ] {
            #expect(VirtualServerKey(text) == nil)
        }
    }

    /// A client whose kernel answers with the very attributes that the operation sends.
    private func readBack(_ operation: TableOperation) throws -> IPVSClient {
        let transport = ScriptedTransport { _, sequences in [.datagram(WireBytes.verdict(0, sequence: sequences[0]))] }
        _ = try IPVSClient(transport: transport, family: 0x1C).apply([operation])
        return client([Array(transport.sent[0][16...])])
    }
}
