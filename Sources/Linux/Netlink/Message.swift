internal import CNetlink

/// One netlink message of a datagram: a view of the receive buffer.
package struct Message: ~Escapable {
    package let type: UInt16
    package let flags: UInt16
    package let sequence: UInt32
    /// What follows the netlink header.
    package let payload: RawSpan

    @_lifetime(copy payload)
    init(type: UInt16, flags: UInt16, sequence: UInt32, payload: RawSpan) {
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.payload = payload
    }

    /// The attributes behind a fixed header of that length.
    @_lifetime(copy self)
    package func attributes(after headerLength: Int) throws(NetlinkError) -> AttributeCursor {
        guard payload.byteCount >= headerLength else { throw tooShort(headerLength) }
        return AttributeCursor(payload.extracting(droppingFirst: headerLength))
    }

    /// A field of the fixed header, in host byte order.
    package func headerField<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as _: Value.Type = Value.self
    ) throws(NetlinkError) -> Value {
        guard offset >= 0, offset + MemoryLayout<Value>.size <= payload.byteCount else {
            throw tooShort(offset + MemoryLayout<Value>.size)
        }
        return payload.unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    private func tooShort(_ expected: Int) -> NetlinkError {
        NetlinkError(
            .malformed, operation: "read a message",
            message: "a header of \(payload.byteCount) bytes, \(expected) expected")
    }
}

/// Walks the messages of a datagram, as strictly as ``AttributeCursor`` walks attributes.
package struct MessageCursor: ~Escapable {
    private var rest: RawSpan

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        rest = bytes
    }

    /// The next message; `nil` at the end.
    @_lifetime(copy self)
    package mutating func next() throws(NetlinkError) -> Message? {
        let header = MemoryLayout<nlmsghdr>.size
        guard rest.byteCount > 0 else { return nil }
        let length = rest.byteCount >= header ? Int(rest.unsafeLoadUnaligned(as: UInt32.self)) : 0
        guard length >= header, length <= rest.byteCount else {
            throw NetlinkError(
                .malformed, operation: "read messages",
                message: "message length \(length) with \(rest.byteCount) bytes left")
        }
        let message = Message(
            type: rest.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt16.self),
            flags: rest.unsafeLoadUnaligned(fromByteOffset: 6, as: UInt16.self),
            sequence: rest.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt32.self),
            payload: rest.extracting(header..<length))
        rest = rest.extracting(droppingFirst: min((length + 3) & ~3, rest.byteCount))
        return message
    }
}
