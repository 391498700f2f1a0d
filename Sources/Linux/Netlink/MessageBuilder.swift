internal import CNetlink

/// Writes netlink messages one after another into one buffer that is allocated once.
///
/// A message that does not fit leaves ``overflowed`` set instead of trapping: cut the buffer back to where the message
/// began with ``removeAll(after:)``, send what is there, and write the message again.
package struct MessageBuilder: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    /// Bytes written so far.
    package private(set) var count = 0
    /// Whether a write found no room; nothing after it was written.
    package private(set) var overflowed = false
    private var messageStart = 0

    /// A builder with room for that many bytes.
    package init(capacity: Int) {
        buffer = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { buffer.deallocate() }

    /// The messages written so far.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    /// Forgets everything behind a position that ``count`` once had.
    package mutating func removeAll(after position: Int = 0) {
        count = min(count, position)
        overflowed = false
    }

    /// Begins a message: the netlink header with these flags and the head's own, and the head's fixed header.
    package mutating func beginMessage(_ head: MessageHead, flags: UInt16, sequence: UInt32) {
        messageStart = count
        write(UInt32(0))
        write(head.type)
        write(flags | head.flags)
        write(sequence)
        write(UInt32(0))
        withUnsafeBytes(of: head.header) { write($0, count: head.headerLength) }
    }

    /// Ends the message that was begun last: its length is known now.
    package mutating func endMessage() {
        patch(UInt32(count - messageStart), at: messageStart)
    }

    /// Adds flags to the message that begins at that position.
    package mutating func addFlags(_ flags: UInt16, toMessageAt position: Int) {
        guard position + 8 <= count else { return }
        patch(buffer.loadUnaligned(fromByteOffset: position + 6, as: UInt16.self) | flags, at: position + 6)
    }

    /// Writes an attribute with other attributes inside.
    package mutating func nest(_ type: Int, _ content: (inout MessageBuilder) -> Void) {
        let start = count
        write(UInt16(0))
        write(UInt16(type) | UInt16(NLA_F_NESTED))
        content(&self)
        patch(UInt16(truncatingIfNeeded: count - start), at: start)
    }

    /// Writes an integer attribute in host byte order.
    @inlinable
    package mutating func put<Value: FixedWidthInteger>(_ type: Int, _ value: Value) {
        writeHeader(type, length: MemoryLayout<Value>.size)
        write(value)
        pad()
    }

    /// Writes an integer attribute in network byte order.
    @inlinable
    package mutating func put<Value>(_ type: Int, _ value: NetworkOrder<Value>) {
        put(type, value.value.bigEndian)
    }

    /// Writes a NUL-terminated string attribute.
    package mutating func put(_ type: Int, string: String) {
        writeHeader(type, length: string.utf8.count + 1)
        for byte in string.utf8 { write(byte) }
        write(UInt8(0))
        pad()
    }

    /// Writes an attribute of two integers side by side, such as a flags-and-mask pair.
    package mutating func put(_ type: Int, pair first: UInt32, _ second: UInt32) {
        writeHeader(type, length: 8)
        write(first)
        write(second)
    }

    /// Writes an attribute of 16 bytes: both halves in network byte order.
    package mutating func put(_ type: Int, bytes16 high: UInt64, _ low: UInt64) {
        writeHeader(type, length: 16)
        write(high.bigEndian)
        write(low.bigEndian)
    }

    /// Writes an attribute of bytes as they are.
    package mutating func put(_ type: Int, bytes: [UInt8]) {
        writeHeader(type, length: bytes.count)
        bytes.withUnsafeBytes { write($0, count: $0.count) }
        pad()
    }

    @usableFromInline
    mutating func writeHeader(_ type: Int, length: Int) {
        write(UInt16(truncatingIfNeeded: length + 4))
        write(UInt16(truncatingIfNeeded: type))
    }

    /// Fills up to the next multiple of 4, where attributes begin.
    @usableFromInline
    mutating func pad() {
        while count % 4 != 0, !overflowed { write(UInt8(0)) }
    }

    @usableFromInline
    mutating func write<Value: FixedWidthInteger>(_ value: Value) {
        let end = count + MemoryLayout<Value>.size
        guard end <= buffer.count, !overflowed else {
            overflowed = true
            return
        }
        buffer.storeBytes(of: value, toByteOffset: count, as: Value.self)
        count = end
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, count length: Int) {
        let end = count + length
        guard end <= buffer.count, !overflowed else {
            overflowed = true
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[count..<end])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        count = end
    }

    private mutating func patch<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        guard !overflowed else { return }
        buffer.storeBytes(of: value, toByteOffset: offset, as: Value.self)
    }
}

/// An integer that travels in network byte order, so that no call site can forget to swap it.
package struct NetworkOrder<Value: FixedWidthInteger & Sendable>: Sendable {
    /// The value in host byte order.
    package let value: Value

    package init(_ value: Value) { self.value = value }
}
