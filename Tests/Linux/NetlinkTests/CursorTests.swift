// swift-format-ignore-file: NeverForceUnwrap

import TestSupport
import Testing

@testable import Netlink

/// The types and payloads of the attributes in some bytes.
private func attributes(_ bytes: [UInt8]) throws(NetlinkError) -> [(Int, [UInt8])] {
    var found: [(Int, [UInt8])] = []
    var cursor = AttributeCursor(bytes.span.bytes)
    while let attribute = try cursor.next() {
        found.append((attribute.type, attribute.payload.withUnsafeBytes { Array($0) }))
    }
    return found
}

@Suite struct CursorTests {
    @Test func attributesAreWalkedWithTheirPadding() throws {
        let bytes =
            WireBytes.attribute(1, [7]) + WireBytes.attribute(0x8002, [1, 2, 3, 4, 5]) + WireBytes.attribute(3, [])
        let found = try attributes(bytes)
        #expect(found.map(\.0) == [1, 2, 3])
        #expect(found.map(\.1) == [[7], [1, 2, 3, 4, 5], []])
    }

    @Test func theLastAttributeNeedsNoPadding() throws {
        #expect(try attributes(Array(WireBytes.attribute(1, [7]).prefix(5))).map(\.1) == [[7]])
    }

    @Test(arguments: [[], [0], [0, 0, 0]] as [[UInt8]])
    func fewerThanFourBytesAreTheEnd(_ bytes: [UInt8]) throws { #expect(try attributes(bytes).isEmpty) }

    @Test(arguments: [0, 1, 3, 9, 255, 65_535] as [UInt16])
    func aLengthThatCannotBeIsMalformed(_ length: UInt16) {
        let bytes = WireBytes.little(length) + [1, 0, 1, 2, 3, 4]
        #expect(throws: NetlinkError.self) { try attributes(bytes) }
    }

    @Test(arguments: [0, 15, 21, 4_000_000_000] as [UInt32])
    func aMessageLengthThatCannotBeIsMalformed(_ length: UInt32) {
        let bytes = WireBytes.little(length) + [UInt8](repeating: 0, count: 16)
        #expect(throws: NetlinkError.self) {
            var cursor = MessageCursor(bytes.span.bytes)
            while try cursor.next() != nil {}
        }
    }

    @Test func integersNeedTheirBytesAndIgnoreMore() throws {
        let bytes = WireBytes.attribute(1, [1, 2]) + WireBytes.attribute(2, [1, 2, 3, 4, 5, 6, 7, 8])
        var cursor = AttributeCursor(bytes.span.bytes)
        let short = try cursor.next()!
        #expect(try short.integer(as: UInt16.self) == 0x0201)
        #expect(try short.networkOrder(as: UInt16.self) == 0x0102)
        #expect(throws: NetlinkError.self) { try short.integer(as: UInt32.self) }
        #expect(throws: NetlinkError.self) { try short.pair() }
        #expect(throws: NetlinkError.self) { try short.bytes16() }
        let long = try cursor.next()!
        #expect(try long.integer(as: UInt32.self) == 0x0403_0201)
        #expect(try long.pair() == (0x0403_0201, 0x0807_0605))
    }

    @Test func stringsEndAtTheirNulOrTheirEnd() throws {
        let bytes = WireBytes.attribute(1, Array("rr\0junk".utf8)) + WireBytes.attribute(2, Array("mh".utf8))
        var cursor = AttributeCursor(bytes.span.bytes)
        #expect(try cursor.next()?.string() == "rr")
        #expect(try cursor.next()?.string() == "mh")
    }

    @Test func randomBytesNeverCrash() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<64, using: &generator)).map { _ in
                UInt8.random(in: 0..<(Bool.random(using: &generator) ? 8 : 255), using: &generator)
            }
            _ = try? attributes(bytes)
            var messages = MessageCursor(bytes.span.bytes)
            while let message = try? messages.next() { _ = try? Acknowledgement(message) }
        }
    }
}

@Suite struct AcknowledgementTests {
    private func read(_ bytes: [UInt8]) throws -> Acknowledgement {
        var cursor = MessageCursor(bytes.span.bytes)
        return try Acknowledgement(try cursor.next()!)
    }

    @Test func successAndRefusal() throws {
        #expect(try read(WireBytes.verdict(0, sequence: 1)).errno == 0)
        let refusal = try read(WireBytes.verdict(17, sequence: 1, explanation: "Service exists"))
        #expect(refusal.errno == 17 && refusal.message == "Service exists")
    }

    @Test func theExplanationStandsBehindAnEchoThatIsNotCapped() throws {
        let echo = WireBytes.message(type: 0x20, sequence: 1, [1, 2, 3, 4, 5])
        let payload =
            WireBytes.little(Int32(-22)) + echo + WireBytes.attribute(2, [0, 0, 0, 0])
            + WireBytes.attribute(1, Array("why\0".utf8))
        let verdict = try read(WireBytes.message(type: 2, flags: 0x200, sequence: 1, payload))
        #expect(verdict.errno == 22 && verdict.message == "why")
    }

    @Test func theEndOfADumpExplainsItselfWithoutAnEcho() throws {
        let payload = WireBytes.little(Int32(-1)) + WireBytes.attribute(1, Array("no\0".utf8))
        let verdict = try read(WireBytes.message(type: 3, flags: 0x202, sequence: 1, payload))
        #expect(verdict.errno == 1 && verdict.message == "no")
    }

    @Test func whatCannotBeIsMalformed() {
        for payload in [[1, 2, 3], WireBytes.little(Int32(5)), WireBytes.little(Int32(-5000))] {
            #expect(throws: NetlinkError.self) { try read(WireBytes.message(type: 2, sequence: 1, payload)) }
        }
        let lyingEcho = WireBytes.little(Int32(-22)) + WireBytes.little(UInt32(4000)) + [UInt8](repeating: 0, count: 12)
        #expect(throws: NetlinkError.self) {
            try read(WireBytes.message(type: 2, flags: 0x200, sequence: 1, lyingEcho))
        }
    }
}
