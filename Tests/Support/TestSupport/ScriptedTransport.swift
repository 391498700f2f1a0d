package import Netlink

/// A kernel's side of netlink by script: each datagram that is sent is answered by what the script makes of it.
package final class ScriptedTransport: NetlinkTransport {
    /// What the other side does next.
    package enum Reply {
        case datagram([UInt8])
        /// A datagram that was larger than the buffer.
        case truncated([UInt8])
        case failure(Int32)
    }

    /// Answers the n-th datagram sent, from 0, whose messages have those sequence numbers.
    private let script: (Int, [UInt32]) -> [Reply]
    private var replies: [Reply] = []
    package private(set) var sent: [[UInt8]] = []
    package private(set) var resets = 0

    package init(script: @escaping (Int, [UInt32]) -> [Reply]) { self.script = script }

    package func send(_ bytes: UnsafeRawBufferPointer) throws(TransportError) {
        sent.append(Array(bytes))
        replies += script(sent.count - 1, Self.sequences(Array(bytes)))
    }

    package func receive(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> ReceivedDatagram {
        // A real socket would wait for ever, or for its time limit.
        guard !replies.isEmpty else { throw TransportError(errno: 11) }
        switch replies.removeFirst() {
        case .datagram(let bytes):
            buffer.copyBytes(from: bytes)
            return ReceivedDatagram(count: bytes.count)
        case .truncated(let bytes):
            buffer.copyBytes(from: bytes)
            return ReceivedDatagram(count: bytes.count, isTruncated: true)
        case .failure(let code): throw TransportError(errno: code)
        }
    }

    package func reset() {
        resets += 1
        replies = []
    }

    /// The sequence numbers of the messages in a datagram.
    package static func sequences(_ bytes: [UInt8]) -> [UInt32] {
        var found: [UInt32] = []
        var offset = 0
        while offset + 16 <= bytes.count {
            found.append(WireBytes.uint32(bytes, at: offset + 8))
            offset += max(16, (Int(WireBytes.uint32(bytes, at: offset)) + 3) & ~3)
        }
        return found
    }
}
