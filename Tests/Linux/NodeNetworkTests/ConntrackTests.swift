import LoadBalancing
import Netlink
import NodeNetwork
import TestSupport
import Testing

private let virtualServer = Endpoint.of("[2001:db8::2]:53")
private let flow = StaleFlow(.udp, virtualServer: virtualServer, realServer: virtualServer)

/// The entry of `CapturedReplies.ipv6Flow`.
private let captured = ConntrackEntry(
    protocolNumber: 17,
    original: ConntrackTuple(source: Endpoint.of("[2001:db8::1]:4000"), destination: virtualServer),
    reply: ConntrackTuple(source: virtualServer, destination: Endpoint.of("[2001:db8::1]:4000")),
    identifier: 0x3CED_61D4)

private func entry(
    _ destination: String, answeredBy realServer: String, protocolNumber: UInt8 = 17
) -> ConntrackEntry {
    let client = Endpoint.of("192.0.2.9:4000")
    return ConntrackEntry(
        protocolNumber: protocolNumber, original: ConntrackTuple(source: client, destination: Endpoint.of(destination)),
        reply: ConntrackTuple(source: Endpoint.of(realServer), destination: client), identifier: 1)
}

@Suite struct StaleFlowTests {
    private let flow = StaleFlow(
        .udp, virtualServer: Endpoint.of("10.96.0.10:53"), realServer: Endpoint.of("10.244.1.5:5353"))

    @Test func onlyTheExactFlowMatches() {
        #expect(flow.matches(entry("10.96.0.10:53", answeredBy: "10.244.1.5:5353")))
        #expect(!flow.matches(entry("10.96.0.10:54", answeredBy: "10.244.1.5:5353")))
        #expect(!flow.matches(entry("10.96.0.11:53", answeredBy: "10.244.1.5:5353")))
        #expect(!flow.matches(entry("10.96.0.10:53", answeredBy: "10.244.1.6:5353")))
        #expect(!flow.matches(entry("10.96.0.10:53", answeredBy: "10.244.1.5:53")))
        #expect(!flow.matches(entry("10.96.0.10:53", answeredBy: "10.244.1.5:5353", protocolNumber: 132)))
    }

    @Test func partsCanBeLeftOpen() {
        let nodePort = StaleFlow(
            .udp, virtualAddress: nil, virtualPort: 30_053, realServer: Endpoint.of("10.244.1.5:5353"))
        #expect(nodePort.matches(entry("192.0.2.1:30053", answeredBy: "10.244.1.5:5353")))
        #expect(!nodePort.matches(entry("192.0.2.1:30054", answeredBy: "10.244.1.5:5353")))
        #expect(nodePort.description == "udp *:30053 -> 10.244.1.5:5353")
        let anyPort = StaleFlow(
            .udp, virtualAddress: IPAddress("10.96.0.10"), virtualPort: nil, realServer: Endpoint.of("10.244.1.5:5353"))
        #expect(anyPort.matches(entry("10.96.0.10:1", answeredBy: "10.244.1.5:5353")))
        #expect(!anyPort.matches(entry("10.96.0.11:1", answeredBy: "10.244.1.5:5353")))
    }

    @Test func tcpIsNeverStale() {
        let tcp = StaleFlow(
            .tcp, virtualServer: Endpoint.of("10.96.0.10:53"), realServer: Endpoint.of("10.244.1.5:5353"))
        #expect(!tcp.matches(entry("10.96.0.10:53", answeredBy: "10.244.1.5:5353", protocolNumber: 6)))
    }
}

@Suite struct ConntrackClientTests {
    /// A kernel with the captured entry, which answers deletions with that errno.
    private func kernel(deletion errno: Int32 = 0) -> ScriptedTransport {
        ScriptedTransport { number, sequences in
            number == 0
                ? [
                    .datagram(CapturedReplies.bytes(CapturedReplies.ipv6Flow, sequence: sequences[0])),
                    .datagram(WireBytes.done(sequence: sequences[0])),
                ] : [.datagram(WireBytes.verdict(errno, sequence: sequences[0]))]
        }
    }

    @Test func entriesAreRead() throws {
        #expect(try ConntrackClient(transport: kernel()).entries(matching: [flow]) == [captured])
    }

    @Test func theKernelIsAskedForOneProtocol() throws {
        let transport = kernel()
        _ = try ConntrackClient(transport: transport).entries(matching: [flow])
        let expected = WireBytes.message(
            type: 0x101, flags: 0x301, sequence: 1,
            [10, 0, 0, 0] + WireBytes.attribute(0x8001, WireBytes.attribute(0x8002, WireBytes.attribute(1, [17])))
                + WireBytes.attribute(0x8019, WireBytes.attribute(1, [8, 0, 0, 0])))
        #expect(transport.sent == [expected])
    }

    @Test func aDeletionNamesOneEntry() throws {
        let transport = kernel()
        #expect(try ConntrackClient(transport: transport).deleteEntries([flow]) == 1)
        // The kernel's own bytes for the original direction, then the identifier.
        let tuple = Array(WireBytes.hex(CapturedReplies.ipv6Flow)[20..<96])
        let expected = WireBytes.message(
            type: 0x102, flags: 5, sequence: 2,
            [10, 0, 0, 0] + tuple + WireBytes.attribute(12, [0x3C, 0xED, 0x61, 0xD4]))
        #expect(transport.sent.count == 2)
        #expect(transport.sent[1] == expected)
    }

    @Test func anEntryThatWentByItselfIsDone() throws {
        #expect(try ConntrackClient(transport: kernel(deletion: 2)).deleteEntries([flow]) == 0)
    }

    @Test func otherRefusalsAreErrors() throws {
        #expect(throws: NetlinkError(.refused(1), operation: "delete 1 tracked connections")) {
            try ConntrackClient(transport: kernel(deletion: 1)).deleteEntries([flow])
        }
    }

    @Test func nothingThatDoesNotMatchIsDeleted() throws {
        let transport = kernel()
        let other = StaleFlow(.udp, virtualServer: virtualServer, realServer: Endpoint.of("[2001:db8::3]:53"))
        #expect(try ConntrackClient(transport: transport).deleteEntries([other]) == 0)
        #expect(transport.sent.count == 1)
    }

    @Test func nothingIsAskedForNothing() throws {
        let transport = kernel()
        let tcp = StaleFlow(.tcp, virtualServer: virtualServer, realServer: virtualServer)
        #expect(try ConntrackClient(transport: transport).deleteEntries([]) == 0)
        #expect(try ConntrackClient(transport: transport).deleteEntries([tcp]) == 0)
        #expect(transport.sent.isEmpty)
    }

    @Test func aKernelWithoutTheFilterIsAskedForAll() throws {
        let transport = ScriptedTransport { number, sequences in
            number == 0
                ? [.datagram(WireBytes.verdict(22, sequence: sequences[0]))]
                : [
                    .datagram(CapturedReplies.bytes(CapturedReplies.ipv6Flow, sequence: sequences[0])),
                    .datagram(WireBytes.done(sequence: sequences[0])),
                ]
        }
        #expect(try ConntrackClient(transport: transport).entries(matching: [flow]) == [captured])
        #expect(transport.sent[1].count == 20)
    }

    @Test func aKernelWithoutTrackingSaysSo() throws {
        let transport = ScriptedTransport { _, sequences in
            [.datagram(WireBytes.verdict(22, sequence: sequences[0]))]
        }
        let error = #expect(throws: NetlinkError.self) {
            try ConntrackClient(transport: transport).deleteEntries([flow])
        }
        #expect(error?.kind == .familyMissing)
    }
}
