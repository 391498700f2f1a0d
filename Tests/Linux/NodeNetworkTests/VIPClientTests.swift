import LoadBalancing
import Netlink
import NodeNetwork
import TestSupport
import Testing

private let first = IPAddress.of("10.96.0.1")
private let sixth = IPAddress.of("2001:db8::1")

/// A kernel with devices lo and ipvsync0 that sends what was captured.
private func kernel(alias: String? = "ipvsync", kind: String = "dummy", name: String = "ipvsync0") -> ScriptedTransport
{
    ScriptedTransport { number, sequences in
        let sequence = sequences[0]
        func dump(_ messages: [[UInt8]]) -> [ScriptedTransport.Reply] {
            messages.map { .datagram($0) } + [.datagram(WireBytes.done(sequence: sequence))]
        }
        func captured(_ text: String) -> [UInt8] { CapturedReplies.bytes(text, sequence: sequence) }
        switch number {
        case 0:
            return dump([
                CapturedReplies.link(1, "lo", sequence: sequence)
                    + CapturedReplies.link(2, name, kind: kind, alias: alias, sequence: sequence)
            ])
        case 1: return dump([captured(CapturedReplies.ipv4Addresses), captured(CapturedReplies.ipv6Addresses)])
        case 2: return dump([captured(CapturedReplies.ipv4Route)])
        case 3: return dump([captured(CapturedReplies.ipv6Route)])
        default: return []
        }
    }
}

@Suite struct VIPReadingTests {
    @Test func everythingIsRead() throws {
        let observed = try VIPClient(transport: kernel()).read(device: "ipvsync0")
        #expect(observed.device == .ours(isUp: true))
        // An address with a peer on our device is not of our making.
        #expect(observed.addresses == [first, sixth])
        #expect(
            observed.elsewhere == [
                IPAddress.of("127.0.0.1"): "lo", IPAddress.of("::1"): "lo", IPAddress.of("192.0.2.5"): "ipvsync0",
            ])
        #expect(observed.routes == [IPPrefix.of("10.97.0.0/16"), IPPrefix.of("2001:db8:1::/64")])
    }

    @Test(arguments: [(nil, "dummy"), ("mine", "dummy"), ("ipvsync", "bridge")] as [(String?, String)])
    func aDeviceWithoutOurMarkIsAnothers(_ alias: String?, _ kind: String) throws {
        let observed = try VIPClient(transport: kernel(alias: alias, kind: kind)).read(device: "ipvsync0")
        #expect(observed.device == .foreign)
        #expect(observed.addresses.isEmpty)
        #expect(observed.elsewhere[first] == "ipvsync0")
    }

    @Test func aDeviceOfOursWithAnotherNameIsNotTheOne() throws {
        let observed = try VIPClient(transport: kernel(name: "ipvsync1")).read(device: "ipvsync0")
        #expect(observed.device == .missing)
        #expect(observed.elsewhere[first] == "ipvsync1")
    }

    @Test func requestsAreThoseThatTheKernelFilters() throws {
        let transport = kernel()
        _ = try VIPClient(transport: transport).read(device: "ipvsync0")
        // As `ip` asks: links without counters, addresses, local routes of protocol 218 for each family.
        #expect(
            transport.sent == [
                WireBytes.message(
                    type: 18, flags: 0x301, sequence: 1,
                    [UInt8](repeating: 0, count: 16) + WireBytes.attribute(29, [8, 0, 0, 0])),
                WireBytes.message(type: 22, flags: 0x301, sequence: 2, [UInt8](repeating: 0, count: 8)),
                WireBytes.message(type: 26, flags: 0x301, sequence: 3, [2, 0, 0, 0, 255, 218, 0, 2, 0, 0, 0, 0]),
                WireBytes.message(type: 26, flags: 0x301, sequence: 4, [10, 0, 0, 0, 255, 218, 0, 2, 0, 0, 0, 0]),
            ])
    }

    @Test(arguments: [2, 97] as [Int32])
    func aTableThatIsNotThereIsEmpty(_ errno: Int32) throws {
        let transport = ScriptedTransport { number, sequences in
            [
                .datagram(
                    number < 2
                        ? WireBytes.done(sequence: sequences[0]) : WireBytes.verdict(errno, sequence: sequences[0]))
            ]
        }
        #expect(try VIPClient(transport: transport).read(device: "ipvsync0") == ObservedVIPs())
    }

    @Test func noBytesCrashIt() throws {
        var generator = SeededGenerator(seed: 7)
        let good = [CapturedReplies.ipv4Addresses, CapturedReplies.ipv6Route, CapturedReplies.ipv6Flow].map(
            WireBytes.hex)
        for round in 0..<3_000 {
            var bytes = good[round % good.count]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0...8, using: &generator))
            bytes.replaceSubrange(8..<12, with: WireBytes.little(UInt32(1)))
            let transport = ScriptedTransport { _, _ in [.datagram(bytes), .datagram(WireBytes.done(sequence: 1))] }
            _ = try? VIPClient(transport: transport).read(device: "ipvsync0")
            let other = ScriptedTransport { _, _ in [.datagram(bytes), .datagram(WireBytes.done(sequence: 1))] }
            let flow = StaleFlow(.udp, virtualServer: Endpoint(first, port: 53), realServer: Endpoint(sixth, port: 53))
            _ = try? ConntrackClient(transport: other).entries(matching: [flow])
        }
    }
}

@Suite struct VIPChangingTests {
    /// A kernel that has our device as number 2, or another's, or none, and refuses what it is told to.
    private func kernel(
        alias: String? = "ipvsync", exists: Bool = true, refusals: [Int: Int32] = [:]
    ) -> ScriptedTransport {
        ScriptedTransport { number, sequences in
            if number == 0 {
                guard exists else { return [.datagram(WireBytes.verdict(19, sequence: sequences[0]))] }
                return [
                    .datagram(
                        CapturedReplies.link(2, "ipvsync0", kind: "dummy", alias: alias, sequence: sequences[0]))
                ]
            }
            let verdicts = sequences.enumerated().compactMap { index, sequence -> ScriptedTransport.Reply? in
                let errno = refusals[index]
                guard errno != nil || index == sequences.count - 1 else { return nil }
                return .datagram(WireBytes.verdict(errno ?? 0, sequence: sequence))
            }
            return verdicts
        }
    }

    @Test func messagesAreAsTheKernelWantsThem() throws {
        let transport = kernel()
        let failures = try VIPClient(transport: transport).apply(
            [
                .setUp, .addAddress(first), .addAddress(sixth), .addRoute(IPPrefix.of("10.98.0.0/16")),
                .removeAddress(first), .removeRoute(IPPrefix.of("2001:db8:1::/64")), .removeDevice,
            ], device: "ipvsync0")
        #expect(failures.isEmpty)
        let v4: [UInt8] = [10, 96, 0, 1]
        let v6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        let network6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let flags = WireBytes.attribute(8, [2, 2, 0, 0])
        let loopback = WireBytes.attribute(4, [1, 0, 0, 0])
        let expected =
            WireBytes.message(
                type: 19, flags: 1, sequence: 2, [0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0])
            + WireBytes.message(
                type: 20, flags: 0x601, sequence: 3, [2, 32, 0, 0, 2, 0, 0, 0] + WireBytes.attribute(2, v4) + flags)
            + WireBytes.message(
                type: 20, flags: 0x601, sequence: 4, [10, 128, 0, 0, 2, 0, 0, 0] + WireBytes.attribute(2, v6) + flags)
            + WireBytes.message(
                type: 24, flags: 0x601, sequence: 5,
                [2, 16, 0, 0, 255, 218, 254, 2, 0, 0, 0, 0] + WireBytes.attribute(1, [10, 98, 0, 0]) + loopback
                    + WireBytes.attribute(6, [218, 0, 0, 0]))
            + WireBytes.message(
                type: 21, flags: 1, sequence: 6, [2, 32, 0, 0, 2, 0, 0, 0] + WireBytes.attribute(2, v4))
            + WireBytes.message(
                type: 25, flags: 1, sequence: 7,
                [10, 64, 0, 0, 255, 218, 255, 2, 0, 0, 0, 0] + WireBytes.attribute(1, network6) + loopback)
            + WireBytes.message(
                type: 17, flags: 5, sequence: 8, [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(transport.sent.count == 2)
        #expect(transport.sent[1] == expected)
    }

    @Test func aDeviceIsMadeAndMarkedInOneDatagram() throws {
        let transport = ScriptedTransport { number, sequences in
            number == 0
                ? [
                    .datagram(CapturedReplies.link(76, "eth0", sequence: sequences[0])),
                    .datagram(WireBytes.done(sequence: sequences[0])),
                ] : [.datagram(WireBytes.verdict(0, sequence: sequences[sequences.count - 1]))]
        }
        let failures = try VIPClient(transport: transport).apply([.createDevice], device: "d9")
        #expect(failures.isEmpty)
        // Captured from `ip link add d9 index 77 type dummy` and `ip link set … addrgenmode none`; but nested attributes
        // are flagged as such here, the kind ends with a NUL, and only the last message asks for an acknowledgement.
        let create = WireBytes.hex(
            "3800000010000106 02000000 00000000 00000000 4d000000 0000000000000000 0700030064390000"
                + "10001280 0a00010064756d6d79000000")
        let mark = WireBytes.message(
            type: 19, flags: 1, sequence: 3,
            [0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + WireBytes.attribute(20, Array("ipvsync\0".utf8)))
        let mode = WireBytes.hex(
            "3000000013000500 04000000 00000000 00000000 4d000000 0000000000000000 10001a80 0c000a80 0500080001000000")
        try #require(transport.sent.count == 2 && transport.sent[1].count > 24)
        // The number is any that is far from those of other devices, three times the same.
        let number = Array(transport.sent[1][20..<24])
        let index = WireBytes.uint32(number, at: 0)
        #expect((1 << 20..<1 << 30).contains(index))
        var expected = create + mark + mode
        for place in [20, create.count + 20, create.count + mark.count + 20] {
            expected.replaceSubrange(place..<place + 4, with: number)
        }
        #expect(transport.sent[1] == expected)
    }

    @Test func aDeviceThatCannotBeMarkedIsTakenBack() throws {
        let transport = ScriptedTransport { number, sequences in
            switch number {
            case 0: [.datagram(WireBytes.done(sequence: sequences[0]))]
            case 1:
                [
                    .datagram(WireBytes.verdict(12, sequence: sequences[1], explanation: "no room")),
                    .datagram(WireBytes.verdict(0, sequence: sequences[2])),
                ]
            default: [.datagram(WireBytes.verdict(0, sequence: sequences[0]))]
            }
        }
        let failures = try VIPClient(transport: transport).apply([.createDevice], device: "ipvsync0")
        #expect(failures == [VIPFailure(operation: .createDevice, errno: 12, kernelMessage: "no room")])
        #expect(transport.sent.count == 3)
        #expect(transport.sent[2][4] == 17)
    }

    @Test(arguments: [
        (VIPOperation.addAddress(first), Int32(17)), (.removeAddress(first), 99), (.removeAddress(first), 19),
        (.removeRoute(IPPrefix.of("10.0.0.0/8")), 3), (.addRoute(IPPrefix.of("10.0.0.0/8")), 17), (.removeDevice, 19),
    ])
    func whatIsDoneAlreadyIsDone(_ operation: VIPOperation, _ errno: Int32) throws {
        let isRoute =
            if case .addRoute = operation { true } else if case .removeRoute = operation { true } else { false }
        let transport = ScriptedTransport { number, sequences in
            number == 0 && !isRoute
                ? [
                    .datagram(
                        CapturedReplies.link(2, "ipvsync0", kind: "dummy", alias: "ipvsync", sequence: sequences[0]))
                ]
                : [.datagram(WireBytes.verdict(errno, sequence: sequences[0]))]
        }
        #expect(try VIPClient(transport: transport).apply([operation], device: "ipvsync0").isEmpty)
    }

    @Test func refusalsNameTheirOperation() throws {
        let transport = kernel(refusals: [0: 13, 1: 17])
        let failures = try VIPClient(transport: transport).apply(
            [.addAddress(sixth), .addAddress(first), .setUp], device: "ipvsync0")
        #expect(failures == [VIPFailure(operation: .addAddress(sixth), errno: 13)])
        #expect(
            failures.first?.text(device: "ipvsync0") == "cannot add address 2001:db8::1 to ipvsync0: Permission denied")
    }

    @Test func anothersDeviceGetsNoMessage() throws {
        let transport = kernel(alias: nil)
        let operations: [VIPOperation] = [.setUp, .addAddress(first), .removeAddress(sixth), .removeDevice]
        let failures = try VIPClient(transport: transport).apply(operations, device: "ipvsync0")
        #expect(failures == operations.map { VIPFailure(operation: $0, errno: 17) })
        #expect(transport.sent.count == 1)
    }

    @Test func tenThousandAddressesGoInAFewDatagrams() throws {
        let transport = kernel()
        let operations = (0..<10_000).map { VIPOperation.addAddress(IPAddress(v4: 0x0A60_0000 + $0)) }
        #expect(try VIPClient(transport: transport).apply(operations, device: "ipvsync0").isEmpty)
        #expect(transport.sent.count == 21)
    }
}

@Suite struct VIPContractTests {
    @Test(arguments: VIPContract.all.map(\.name))
    func inMemoryNetworkKeepsTheContract(_ name: String) throws {
        let contract = try #require(VIPContract.all.first { $0.name == name })
        let network = InMemoryNetwork()
        try contract.check(VIPContractTable(network, outsider: InMemoryOutsider(network)))
    }

    @Test func namesAreUnique() {
        #expect(Set(VIPContract.all.map(\.name)).count == VIPContract.all.count)
    }
}
