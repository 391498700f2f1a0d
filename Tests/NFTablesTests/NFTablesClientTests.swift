import DataPath
import LoadBalancing
import Netlink
import TestSupport
import Testing

@testable import NFTables

/// The elements of our table over netlink, with the kernel's side by script.
@Suite struct NFTablesClientTests {
    private static func client(
        _ transport: ScriptedTransport
    ) -> NFTablesClient { NFTablesClient { (_) throws(NetlinkError) in transport } }

    /// A kernel that takes everything.
    private static func accepting() -> ScriptedTransport {
        ScriptedTransport { _, sequences in [.datagram(WireBytes.verdict(0, sequence: sequences[sequences.count - 2]))]
        }
    }

    private static func refusing(_ index: Int, _ errno: Int32) -> ScriptedTransport {
        ScriptedTransport { _, sequences in
            [
                .datagram(WireBytes.verdict(errno, sequence: sequences[index])),
                .datagram(WireBytes.verdict(0, sequence: sequences[sequences.count - 2])),
            ]
        }
    }

    /// The payloads behind the netfilter header of the messages of a type.
    private static func payloads(_ bytes: [UInt8], type: UInt16) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var offset = 0
        while offset + 20 <= bytes.count {
            let length = Int(WireBytes.uint32(bytes, at: offset))
            if UInt16(bytes[offset + 4]) | UInt16(bytes[offset + 5]) << 8 == type {
                found.append(Array(bytes[(offset + 20)..<(offset + length)]))
            }
            offset += (length + 3) & ~3
        }
        return found
    }

    private static let newElements: UInt16 = 0x0A0C

    private static func text(_ value: String) -> [UInt8] { Array(value.utf8) + [0] }

    private static func nested(_ type: UInt16, _ content: [UInt8]) -> [UInt8] {
        WireBytes.attribute(type | 0x8000, content)
    }

    @Test func anElementIsWrittenAsTheKernelReadsIt() throws {
        let transport = Self.accepting()
        try Self.client(transport).change(
            removed: [], added: [.service(Samples.web, ServiceTreatment(.always, isRestricted: true))])
        let key = Self.nested(1, WireBytes.attribute(1, WireBytes.hex("0a600001 06000000 00500000")))
        let verdict =
            WireBytes.attribute(1, WireBytes.hex("fffffffc"))
            + WireBytes.attribute(2, Self.text("restricted_external"))
        let element = Self.nested(1, key + Self.nested(2, Self.nested(2, verdict)))
        let expected =
            WireBytes.attribute(1, Self.text("ipvsync")) + WireBytes.attribute(2, Self.text("services4"))
            + Self.nested(3, element)
        #expect(Self.payloads(transport.sent[0], type: Self.newElements) == [expected])
        #expect(
            Self.payloads(transport.sent[0], type: 0x10) == [[]] && Self.payloads(transport.sent[0], type: 0x11) == [[]]
        )
        // The subsystem of the brackets is in network byte order.
        #expect(Array(transport.sent[0][16..<20]) == [0, 0, 0, 10])
    }

    @Test func aNetworkIsWrittenWithItsLastAddress() throws {
        let element = DataPathElement.source(Samples.web, try Samples.network("192.0.2.0/24"))
        #expect(element.wireKey == WireBytes.hex("0a600001 06000000 00500000 c0000200"))
        #expect(element.wireLastKey == WireBytes.hex("0a600001 06000000 00500000 c00002ff"))
    }

    @Test func manyElementsAreSeveralMessagesOfOneTransaction() throws {
        let transport = Self.accepting()
        let elements = (1...1_200).map { DataPathElement.hairpin(IPAddress(v4: $0)) }
        try Self.client(transport).change(removed: [.healthCheckPort(1)], added: elements, wakes: true)
        #expect(transport.sent.count == 1)
        #expect(Self.payloads(transport.sent[0], type: Self.newElements).count == 3)
        #expect(Self.payloads(transport.sent[0], type: 0x0A0E).count == 1)
        let wake = WireBytes.attribute(1, Self.text("ipvsync")) + WireBytes.attribute(2, [0, 0, 0, 0])
        #expect(Self.payloads(transport.sent[0], type: 0x0A00) == [wake])
    }

    @Test func noElementIsLargerThanItMayBe() throws {
        var random = RandomElements(seed: 3)
        for element in random.elements(500) {
            let transport = Self.accepting()
            try Self.client(transport).change(removed: [], added: [element])
            guard let payload = Self.payloads(transport.sent[0], type: Self.newElements).first else { continue }
            let names = 12 + 8 + ((element.set?.name.utf8.count ?? 0) + 4) & ~3
            #expect(payload.count - names <= DataPathElement.largestWireSize, "\(element)")
        }
    }

    // MARK: - Refusals

    @Test(arguments: [
        (1, "No such file or directory at health_check_ports 80"),
        (2, "No such file or directory among 2 elements of hairpins4"),
        (0, "No such file or directory"), (3, "No such file or directory"),
    ]) func aRefusalNamesItsPlace(_ index: Int, _ message: String) {
        #expect(throws: NFTablesError(operation: "change the table inet ipvsync", message: message)) {
            try Self.client(Self.refusing(index, 2)).change(
                removed: [.healthCheckPort(80)],
                added: [.hairpin(IPAddress(v4: 1)), .hairpin(IPAddress(v4: 2))])
        }
    }

    @Test func noAnswerIsAnError() {
        #expect(throws: NFTablesError.self) {
            try Self.client(ScriptedTransport { _, _ in [] }).change(removed: [], added: [.healthCheckPort(80)])
        }
    }

    // MARK: - Reading

    /// What a client reads of a set whose elements were written like this.
    private static func read(
        _ set: ElementSet, _ payloads: [[UInt8]]
    ) throws -> (ours: [DataPathElement], strangers: Int) {
        let transport = ScriptedTransport { _, sequences in
            let messages = payloads.map {
                WireBytes.message(type: newElements, flags: 2, sequence: sequences[0], [1, 0, 0, 1] + $0)
            }
            return (messages + [WireBytes.done(sequence: sequences[0])]).map { .datagram($0) }
        }
        return try client(transport).elements(of: set)
    }

    @Test func whatIsWrittenReadsBack() throws {
        var random = RandomElements(seed: 7)
        let state = FirewallState(settings: FirewallSettings(), elements: random.elements(2_000))
        for (set, elements) in Dictionary(grouping: state.elements, by: \.set) {
            let transport = Self.accepting()
            try Self.client(transport).change(removed: [], added: elements)
            let found = try Self.read(try #require(set), Self.payloads(transport.sent[0], type: Self.newElements))
            #expect(Set(found.ours) == Set(elements) && found.strangers == 0)
        }
    }

    @Test(arguments: [
        // Two addresses of a hairpin, a port too long, an address too short, filling that is not zero.
        (ElementSet.hairpins4, "0a000001 0a000002"), (.healthCheckPorts, "0050 0000"), (.addresses4, "0a0000"),
        (.services4, "0a000001 06000001 00500000"), (.services4, "0a000001 07000000 00500000"), (.addresses6, ""),
    ]) func otherKeysAreStrangers(_ set: ElementSet, _ key: String) throws {
        let verdict = Self.nested(
            2,
            Self.nested(
                2, WireBytes.attribute(1, WireBytes.hex("fffffffc")) + WireBytes.attribute(2, Self.text("local"))))
        let element = Self.nested(1, WireBytes.attribute(1, WireBytes.hex(key))) + (set.isMap ? verdict : [])
        let found = try Self.read(set, [Self.nested(3, Self.nested(1, element))])
        #expect(found.ours.isEmpty && found.strangers == 1)
    }

    @Test(arguments: [
        // Another verdict, and a chain that is not ours.
        "ffffffff", "fffffffc",
    ]) func otherVerdictsAreStrangers(_ code: String) throws {
        let key = Self.nested(1, WireBytes.attribute(1, WireBytes.hex("0a600001 06000000 00500000")))
        let verdict = WireBytes.attribute(1, WireBytes.hex(code)) + WireBytes.attribute(2, Self.text("elsewhere"))
        let element = key + Self.nested(2, Self.nested(2, verdict))
        let found = try Self.read(.services4, [Self.nested(3, Self.nested(1, element))])
        #expect(found.ours.isEmpty && found.strangers == 1)
    }

    @Test func anElementWithATimeLimitIsAStrangers() throws {
        let element =
            Self.nested(1, WireBytes.attribute(1, [0, 80])) + WireBytes.attribute(4, [0, 0, 0, 0, 0, 0, 1, 0])
        let found = try Self.read(.healthCheckPorts, [Self.nested(3, Self.nested(1, element))])
        #expect(found.ours.isEmpty && found.strangers == 1)
    }

    @Test func everyByteMayBeWrong() throws {
        let transport = Self.accepting()
        let network = try Samples.network("192.0.2.0/24")
        try Self.client(transport).change(removed: [], added: [.source(Samples.web, network)])
        let payload = Self.payloads(transport.sent[0], type: Self.newElements)[0]
        for index in payload.indices {
            for value in [0, 1, 3, 255] as [UInt8] where payload[index] != value {
                var bytes = payload
                bytes[index] = value
                guard let found = try? Self.read(.sources4, [bytes]) else { continue }
                #expect(found.ours.count + found.strangers <= 1)
            }
            _ = try? Self.read(.sources4, [Array(payload.prefix(index))])
        }
    }

    // MARK: - Looks

    @Test func theGenerationIsRead() {
        let answering = ScriptedTransport { _, sequences in
            [
                .datagram(
                    WireBytes.message(
                        type: 0x0A0F, sequence: sequences[0],
                        [0, 0, 0, 0] + WireBytes.attribute(1, [0, 0, 1, 2]) + WireBytes.attribute(2, [0, 0, 0, 7])))
            ]
        }
        #expect(Self.client(answering).generation() == 0x102)
        #expect(
            Self.client(
                ScriptedTransport { _, sequences in
                    [.datagram(WireBytes.verdict(22, sequence: sequences[0]))]
                }
            ).generation() == nil)
    }

    @Test func aMissingTableIsCertainOnlyWhenTheKernelSaysSo() throws {
        func answer(_ errno: Int32) -> NFTablesClient {
            Self.client(
                ScriptedTransport { _, sequences in
                    [.datagram(WireBytes.verdict(errno, sequence: sequences[0]))]
                })
        }
        #expect(try answer(2).tableFlags() == nil)
        #expect(throws: NetlinkError.self) { try answer(1).tableFlags() }
    }
}
