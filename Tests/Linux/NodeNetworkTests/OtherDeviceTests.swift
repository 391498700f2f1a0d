import LoadBalancing
import Netlink
import NodeNetwork
import TestSupport
import Testing

/// Devices of others, over a kernel that has one as number 2.
@Suite struct OtherDeviceTests {
    private func kernel(
        kind: String = "dummy", alias: String? = nil, exists: Bool = true, refusal: Int32 = 0
    ) -> ScriptedTransport {
        ScriptedTransport { number, sequences in
            let sequence = sequences[0]
            guard number == 0 else {
                return number == 1 && sequences.count == 1 && refusal >= 0
                    ? [.datagram(WireBytes.verdict(refusal, sequence: sequence))]
                    : [
                        .datagram(CapturedReplies.bytes(CapturedReplies.ipv4Addresses, sequence: sequence)),
                        .datagram(CapturedReplies.bytes(CapturedReplies.ipv6Addresses, sequence: sequence)),
                        .datagram(WireBytes.done(sequence: sequence)),
                    ]
            }
            guard exists else { return [.datagram(WireBytes.verdict(19, sequence: sequence))] }
            return [
                .datagram(CapturedReplies.link(2, "kube-ipvs0", kind: kind, alias: alias, sequence: sequence))
            ]
        }
    }

    @Test func itsAddressesAreRead() throws {
        let device = try VIPClient(transport: kernel(refusal: -1)).otherDevice(named: "kube-ipvs0")
        let addresses = ["10.96.0.1", "192.0.2.5", "2001:db8::1"].map { IPAddress.of($0) }
        #expect(device == OtherDevice(name: "kube-ipvs0", isDummy: true, addresses: Set(addresses)))
        let bridge = try VIPClient(transport: kernel(kind: "bridge", refusal: -1)).otherDevice(named: "kube-ipvs0")
        #expect(bridge?.isDummy == false)
    }

    @Test func oursAndNoneAreNotOthers() throws {
        #expect(try VIPClient(transport: kernel(alias: "ipvsync")).otherDevice(named: "kube-ipvs0") == nil)
        #expect(try VIPClient(transport: kernel(exists: false)).otherDevice(named: "kube-ipvs0") == nil)
    }

    @Test(arguments: [0, 19] as [Int32])
    func aDummyGoesByItsNumber(_ verdict: Int32) throws {
        let transport = kernel(refusal: verdict)
        try VIPClient(transport: transport).removeDummy(named: "kube-ipvs0")
        #expect(
            transport.sent.dropFirst() == [
                WireBytes.message(
                    type: 17, flags: 5, sequence: 2, [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
            ])
    }

    @Test func whatIsGoneIsRemoved() throws {
        let transport = kernel(exists: false)
        try VIPClient(transport: transport).removeDummy(named: "kube-ipvs0")
        #expect(transport.sent.count == 1)
    }

    @Test(arguments: [("bridge", nil), ("dummy", "ipvsync")] as [(String, String?)])
    func nothingElseIsRemoved(_ kind: String, _ alias: String?) {
        let transport = kernel(kind: kind, alias: alias)
        #expect(throws: NetlinkError.self) { try VIPClient(transport: transport).removeDummy(named: "kube-ipvs0") }
        #expect(transport.sent.count == 1)
    }

    @Test func aRefusalIsTold() {
        #expect {
            try VIPClient(transport: kernel(refusal: 1)).removeDummy(named: "kube-ipvs0")
        } throws: {
            ($0 as? NetlinkError)?.kind == .refused(1)
        }
    }
}
