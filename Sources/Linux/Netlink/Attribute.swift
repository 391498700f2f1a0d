/// One attribute of a message: a view of the receive buffer, never a copy.
package struct Attribute: ~Escapable {
    /// The type without the flag bits (`NLA_TYPE_MASK`).
    package let type: Int
    package let payload: RawSpan

    @_lifetime(copy payload)
    init(type: Int, payload: RawSpan) {
        self.type = type
        self.payload = payload
    }

    /// The attributes inside.
    package var nested: AttributeCursor {
        @_lifetime(copy self)
        get { AttributeCursor(payload) }
    }

    /// The attribute without the first bytes of its payload.
    @_lifetime(copy self)
    package func droppingFirst(_ count: Int) -> Attribute {
        Attribute(type: type, payload: payload.extracting(droppingFirst: min(count, payload.byteCount)))
    }

    /// An integer in host byte order. A longer payload is read up to the integer's size.
    package func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        as _: Value.Type = Value.self
    ) throws(NetlinkError) -> Value {
        guard payload.byteCount >= MemoryLayout<Value>.size else {
            throw tooShort(MemoryLayout<Value>.size)
        }
        return payload.unsafeLoadUnaligned(as: Value.self)
    }

    /// An integer that travels in network byte order, returned in the host's.
    package func networkOrder<Value: FixedWidthInteger & BitwiseCopyable>(
        as _: Value.Type = Value.self
    ) throws(NetlinkError) -> Value {
        Value(bigEndian: try integer())
    }

    /// Two integers side by side, in host byte order.
    package func pair() throws(NetlinkError) -> (UInt32, UInt32) {
        guard payload.byteCount >= 8 else { throw tooShort(8) }
        return (
            payload.unsafeLoadUnaligned(as: UInt32.self),
            payload.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self)
        )
    }

    /// The two halves of 16 bytes in network byte order.
    package func bytes16() throws(NetlinkError) -> (high: UInt64, low: UInt64) {
        guard payload.byteCount >= 16 else { throw tooShort(16) }
        return (
            UInt64(bigEndian: payload.unsafeLoadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: payload.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    /// A string up to its NUL or the payload's end; bytes that are not UTF-8 are replaced.
    package func string() -> String {
        payload.withUnsafeBytes { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private func tooShort(_ expected: Int) -> NetlinkError {
        NetlinkError(
            .malformed, operation: "read attribute \(type)",
            message: "\(payload.byteCount) bytes long, \(expected) expected")
    }
}
