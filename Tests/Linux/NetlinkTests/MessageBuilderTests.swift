import TestSupport
import Testing

@testable import Netlink

@Suite struct MessageBuilderTests {
    /// The head of a generic netlink message: command, version 1 and two bytes of nothing.
    private func head(_ type: UInt16, command: UInt8) -> MessageHead {
        MessageHead(type: type, header: UInt32(command) | 1 << 8)
    }

    @Test func bytesAreAsTheKernelWantsThem() {
        var builder = MessageBuilder(capacity: 256)
        builder.beginMessage(head(0x20, command: 5), flags: 1, sequence: 9)
        builder.nest(1) { builder in
            builder.put(2, UInt16(0x0102))
            builder.put(3, NetworkOrder(UInt16(0x0102)))
            builder.put(4, string: "wlc")
            builder.put(5, pair: 1, .max)
            builder.put(6, bytes16: 0x0102_0304_0506_0708, 9)
            builder.put(7, UInt8(3))
        }
        builder.endMessage()
        let inner =
            WireBytes.attribute(2, [2, 1]) + WireBytes.attribute(3, [1, 2])
            + WireBytes.attribute(4, Array("wlc\0".utf8))
            + WireBytes.attribute(5, [1, 0, 0, 0, 255, 255, 255, 255])
            + WireBytes.attribute(6, [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 9]) + WireBytes.attribute(7, [3])
        let expected = WireBytes.message(
            type: 0x20, flags: 1, sequence: 9, [5, 1, 0, 0] + WireBytes.attribute(0x8001, inner))
        let bytes = Array(builder.bytes)
        #expect(bytes == expected)
    }

    @Test func whatDoesNotFitIsTakenBack() {
        var builder = MessageBuilder(capacity: 64)
        builder.beginMessage(head(1, command: 1), flags: 1, sequence: 1)
        builder.endMessage()
        let kept = Array(builder.bytes)
        let start = builder.count
        builder.beginMessage(head(1, command: 1), flags: 1, sequence: 2)
        builder.nest(1) { $0.put(2, string: String(repeating: "x", count: 100)) }
        builder.endMessage()
        let overflowed = builder.overflowed
        builder.removeAll(after: start)
        let restored = !builder.overflowed && Array(builder.bytes) == kept
        #expect(overflowed && restored)
    }
}
