import Netlink

/// Keeps every datagram that is sent and answers as a kernel that has done everything.
final class RecordingTransport: NetlinkTransport {
    private(set) var datagrams: [[UInt8]] = []

    func send(_ bytes: UnsafeRawBufferPointer) {
        datagrams.append(Array(bytes))
    }

    /// Acknowledges the last message of the last datagram.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> ReceivedDatagram {
        let length: UInt32 = 20
        buffer.storeBytes(of: length, toByteOffset: 0, as: UInt32.self)
        buffer.storeBytes(of: 2, toByteOffset: 4, as: UInt16.self)
        buffer.storeBytes(of: 0, toByteOffset: 6, as: UInt16.self)
        buffer.storeBytes(of: lastSequence(), toByteOffset: 8, as: UInt32.self)
        buffer.storeBytes(of: 0, toByteOffset: 12, as: UInt32.self)
        buffer.storeBytes(of: 0, toByteOffset: 16, as: Int32.self)
        return ReceivedDatagram(count: Int(length))
    }

    func reset() {}

    private func lastSequence() -> UInt32 {
        guard let datagram = datagrams.last else { return 0 }
        return datagram.withUnsafeBytes { bytes in
            var offset = 0
            var sequence: UInt32 = 0
            while offset + 16 <= bytes.count {
                sequence = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self)
                offset += max(16, Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self) + 3) & ~3)
            }
            return sequence
        }
    }
}
