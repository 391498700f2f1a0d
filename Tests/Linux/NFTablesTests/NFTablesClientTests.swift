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

    /// The types of the messages.
    private static func types(_ bytes: [UInt8]) -> [UInt16] {
        var found: [UInt16] = []
        var offset = 0
        while offset + 16 <= bytes.count {
            found.append(UInt16(bytes[offset + 4]) | UInt16(bytes[offset + 5]) << 8)
            offset += (Int(WireBytes.uint32(bytes, at: offset)) + 3) & ~3
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
            removed: [], added: [.service(Samples.web, ServiceTreatment(.always))])
        let key = Self.nested(1, WireBytes.attribute(1, WireBytes.hex("0a600001 06000000 00500000")))
        let verdict =
            WireBytes.attribute(1, WireBytes.hex("fffffffc"))
            + WireBytes.attribute(2, Self.text("external"))
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

    /// A set, its ranges, a chain and its rule, and then the guard that leads there.
    @Test func aListIsWrittenAsTheKernelReadsIt() throws {
        let transport = Self.accepting()
        let list = try Samples.sources()
        let name = WireBytes.attribute(2, Self.text(list.chainName))
        let table = WireBytes.attribute(1, Self.text("ipvsync"))
        try Self.client(transport).change(removed: [], added: [.sources(list), .guarded(Samples.web, list)])
        let sent = transport.sent[0]
        func key(_ hex: String) -> [UInt8] { Self.nested(1, WireBytes.attribute(1, WireBytes.hex(hex))) }
        let end = WireBytes.attribute(3, [0, 0, 0, 1])
        let ranges = ["c0000200", "c0000300", "c6336407", "c6336408"].enumerated().map { index, address in
            Self.nested(1, (index % 2 == 1 ? end : []) + key(address))
        }
        let verdict =
            WireBytes.attribute(1, WireBytes.hex("fffffffd")) + WireBytes.attribute(2, Self.text(list.chainName))
        let guarding = Self.nested(
            1, key("0a600001 06000000 00500000") + Self.nested(2, Self.nested(2, verdict)))
        #expect(
            Self.payloads(sent, type: Self.newElements) == [
                table + name + Self.nested(3, Array(ranges.joined())),
                table + WireBytes.attribute(2, Self.text("guards4")) + Self.nested(3, guarding),
            ])
        #expect(Self.payloads(sent, type: 0x0A09).count == 1)
        #expect(Self.payloads(sent, type: 0x0A03) == [table + WireBytes.attribute(3, Self.text(list.chainName))])
        #expect(Self.payloads(sent, type: 0x0A08) == [table + name])
        let rule = try #require(Self.payloads(sent, type: 0x0A06).first)
        #expect(rule.starts(with: table + name))
        #expect(String(decoding: rule, as: UTF8.self).contains(list.chain.seals[0]))
    }

    @Test func aListGoesAfterWhatItGuards() throws {
        let transport = Self.accepting()
        let list = try Samples.sources()
        let removal = FirewallTransaction.changing(
            added: [], removed: [.sources(list), .guarded(Samples.web, list), .healthCheckPort(7)])
        guard case .changes(let removed, _) = removal.content else { return }
        #expect(removed.last == .sources(list))
        try Self.client(transport).change(removed: removed, added: [])
        let types = Self.types(transport.sent[0])
        #expect(types == [0x10, 0x0A0E, 0x0A0E, 0x0A08, 0x0A05, 0x0A0B, 0x11])
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
        _ set: ElementSet, _ payloads: [[UInt8]], lists: [String: SourceList] = [:]
    ) throws -> (ours: [DataPathElement], strangers: Int) {
        try reading(payloads).elements(of: set, lists: lists)
    }

    /// A client whose kernel tells of elements that were written like this.
    private static func reading(_ payloads: [[UInt8]]) -> NFTablesClient {
        let transport = ScriptedTransport { _, sequences in
            let messages = payloads.map {
                WireBytes.message(type: newElements, flags: 2, sequence: sequences[0], [1, 0, 0, 1] + $0)
            }
            return (messages + [WireBytes.done(sequence: sequences[0])]).map { .datagram($0) }
        }
        return client(transport)
    }

    @Test func whatIsWrittenReadsBack() throws {
        var random = RandomElements(seed: 7)
        let state = FirewallState(settings: FirewallSettings(), elements: random.elements(2_000))
        var lists: [String: SourceList] = [:]
        for case .sources(let list) in state.elements { lists[list.chainName] = list }
        for (set, elements) in Dictionary(grouping: state.elements, by: \.set) where set != .sources {
            let transport = Self.accepting()
            try Self.client(transport).change(removed: [], added: elements)
            let payloads = Self.payloads(transport.sent[0], type: Self.newElements)
            let found = try Self.read(try #require(set), payloads, lists: lists)
            #expect(Set(found.ours) == Set(elements) && found.strangers == 0)
        }
        #expect(lists.count > 10)
        for (name, list) in lists {
            let transport = Self.accepting()
            try Self.client(transport).change(removed: [], added: [.sources(list)])
            let payloads = Self.payloads(transport.sent[0], type: Self.newElements)
            #expect(try Self.reading(payloads).sourceList(name, list.family) == list)
            // Under another name it is not the list that it should be.
            #expect(try Self.reading(payloads).sourceList(name + "0", list.family) == nil)
        }
    }

    /// nft ends what comes before the first range, too, and a list that somebody changed is not ours.
    @Test func aListIsReadAsOthersWriteIt() throws {
        func element(_ hex: String, _ isEnd: Bool) -> [UInt8] {
            Self.nested(
                1,
                Self.nested(1, WireBytes.attribute(1, WireBytes.hex(hex)))
                    + (isEnd ? WireBytes.attribute(3, [0, 0, 0, 1]) : []))
        }
        func read(_ elements: [[UInt8]]) throws -> SourceList? {
            try Self.reading([Self.nested(3, Array(elements.joined()))])
                .sourceList(try Samples.sources().chainName, .ipv4)
        }
        let ours = [
            element("c6336408", true), element("c6336407", false), element("c0000300", true),
            element("c0000200", false),
        ]
        #expect(try read(ours) == Samples.sources())
        #expect(try read(ours + [element("00000000", true)]) == Samples.sources())
        for other in [element("0a000001", false), element("c0000210", false), element("c0", false)] {
            #expect(try read(ours + [other]) == nil)
        }
        #expect(try read(Array(ours.dropFirst())) == nil)
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
        let list = try Samples.sources()
        let lists = [list.chainName: list]
        try Self.client(transport).change(removed: [], added: [.guarded(Samples.web, list)])
        let payload = Self.payloads(transport.sent[0], type: Self.newElements)[0]
        for index in payload.indices {
            for value in [0, 1, 3, 255] as [UInt8] where payload[index] != value {
                var bytes = payload
                bytes[index] = value
                guard let found = try? Self.read(.guards4, [bytes], lists: lists) else { continue }
                #expect(found.ours.count + found.strangers <= 1)
            }
            _ = try? Self.read(.guards4, [Array(payload.prefix(index))], lists: lists)
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
