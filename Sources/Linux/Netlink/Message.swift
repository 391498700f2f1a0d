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

/// What stands in front of a message's attributes: its type, its flags, and the fixed header of its family.
///
/// The header is a structure of the kernel's (`genlmsghdr`, `ifinfomsg`, `ifaddrmsg`, `rtmsg`, `nfgenmsg`), kept here
/// without a heap allocation, for a batch has one for each message.
package struct MessageHead: Sendable {
    /// The message's type: a generic netlink family's number, `RTM_*`, or a subsystem and its message.
    package let type: UInt16
    /// Flags beside `NLM_F_REQUEST`, such as `NLM_F_CREATE | NLM_F_EXCL`.
    package let flags: UInt16
    /// The header's bytes in the order of memory, filled up with zeros.
    let header: (UInt64, UInt64)
    /// How many of them count: a multiple of 4.
    let headerLength: Int

    /// - Parameters:
    ///   - flags: `NLM_F_*` beside `NLM_F_REQUEST`.
    ///   - header: The family's structure: 16 bytes at most, and of more than that the first 16.
    package init<Header: BitwiseCopyable>(type: UInt16, flags: Int32 = 0, header: Header) {
        self.type = type
        self.flags = UInt16(truncatingIfNeeded: flags)
        var bytes: (UInt64, UInt64) = (0, 0)
        headerLength = withUnsafeMutableBytes(of: &bytes) { room in
            withUnsafeBytes(of: header) { source in
                let count = min(source.count, room.count)
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[..<count]))
                return (count + 3) & ~3
            }
        }
        self.header = bytes
    }
}
