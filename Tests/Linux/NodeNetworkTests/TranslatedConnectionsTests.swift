import LoadBalancing
import Netlink
import NodeNetwork
import TestSupport
import Testing

/// A connection as the kernel tells of it, with the client at 192.0.2.9 and the virtual server at 10.96.0.10.
private struct Told {
    var protocolNumber: UInt8 = 6
    var answeredBy: [UInt8] = [10, 244, 1, 5]
    /// `IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED | IPS_SRC_NAT | IPS_SRC_NAT_DONE`.
    var status: UInt32 = 0x9E
    var state: UInt8? = 3

    func bytes(sequence: UInt32) -> [UInt8] {
        var attributes =
            direction(0x8001, from: [192, 0, 2, 9], to: [10, 96, 0, 10])
            + direction(0x8002, from: answeredBy, to: [10, 244, 1, 1])
            + WireBytes.attribute(3, Self.big(status)) + WireBytes.attribute(12, [0, 0, 0, 1])
        if let state {
            attributes += WireBytes.attribute(
                0x8004, WireBytes.attribute(0x8001, WireBytes.attribute(1, [state])))
        }
        return WireBytes.message(type: 0x100, flags: 2, sequence: sequence, [2, 0, 0, 0] + attributes)
    }

    private func direction(_ type: UInt16, from source: [UInt8], to destination: [UInt8]) -> [UInt8] {
        let addresses = WireBytes.attribute(1, source) + WireBytes.attribute(2, destination)
        let ports =
            WireBytes.attribute(1, [protocolNumber]) + WireBytes.attribute(2, [0x9C, 0x40])
            + WireBytes.attribute(3, [0, 80])
        return WireBytes.attribute(type, WireBytes.attribute(0x8001, addresses) + WireBytes.attribute(0x8002, ports))
    }

    static func big(_ value: UInt32) -> [UInt8] { WireBytes.little(value).reversed() }
}

@Suite struct TranslatedConnectionsTests {
    private func count(_ connections: [Told]) throws -> (Int, ScriptedTransport) {
        // All of them in answer to every question about IPv4: an old kernel does not choose.
        let transport = ScriptedTransport { number, sequences in
            let told = number < 2 ? connections : []
            return [
                .datagram(
                    told.flatMap { $0.bytes(sequence: sequences[0]) } + WireBytes.done(sequence: sequences[0]))
            ]
        }
        return (try ConntrackClient(transport: transport).translatedConnections(), transport)
    }

    @Test func openConnectionsOfVirtualServersCount() throws {
        // From the first packet to the last but one.
        for state: UInt8 in 1...6 { #expect(try count([Told(state: state)]).0 == 1) }
        #expect(try count([Told(), Told(), Told()]).0 == 3)
        #expect(try count([]).0 == 0)
    }

    /// `IPS_DST_NAT` alone, and with the source translated too.
    @Test func redirectedOnesCountOnce() throws {
        #expect(try count([Told(status: 0x2E), Told(status: 0x3E)]).0 == 2)
    }

    @Test func othersDoNot() throws {
        let others = [
            // TIME_WAIT and CLOSE.
            Told(state: 7), Told(state: 8),
            // Not translated, and about to be removed.
            Told(status: 0x0E), Told(status: 0x29E),
            // From a pod to the internet.
            Told(answeredBy: [10, 96, 0, 10]),
        ]
        #expect(try count(others).0 == 0)
    }

    @Test(arguments: [17, 132] as [UInt8])
    func flowsOfBothDirectionsCount(_ protocolNumber: UInt8) throws {
        #expect(try count([Told(protocolNumber: protocolNumber, state: nil)]).0 == 1)
        #expect(try count([Told(protocolNumber: protocolNumber, status: 0x9A, state: nil)]).0 == 0)
    }

    @Test func theKernelIsAskedForTranslatedOnesOfBothFamilies() throws {
        let sent = try count([]).1.sent
        let asked: [(family: UInt8, bits: UInt32, mask: UInt32)] = [
            (2, 0x10, 0x10), (2, 0x20, 0x30), (10, 0x10, 0x10), (10, 0x20, 0x30),
        ]
        let expected = asked.enumerated().map { index, question in
            WireBytes.message(
                type: 0x101, flags: 0x301, sequence: UInt32(index + 1),
                [question.family, 0, 0, 0] + WireBytes.attribute(3, Told.big(question.bits))
                    + WireBytes.attribute(26, Told.big(question.mask)))
        }
        #expect(sent == expected)
    }

    @Test func aKernelWithoutTrackingHasNone() throws {
        let transport = ScriptedTransport { _, sequences in
            [.datagram(WireBytes.verdict(22, sequence: sequences[0]))]
        }
        let error = #expect(throws: NetlinkError.self) {
            try ConntrackClient(transport: transport).translatedConnections()
        }
        #expect(error?.kind == .familyMissing)
    }
}
