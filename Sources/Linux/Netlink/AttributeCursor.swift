internal import CNetlink

/// Walks the attributes of a message.
///
/// Every step checks that 4 ≤ length ≤ what is left and moves forward, so a hostile length can neither read beyond the
/// message nor loop for ever.
package struct AttributeCursor: ~Escapable {
    private var rest: RawSpan

    @_lifetime(copy bytes)
    package init(_ bytes: RawSpan) {
        rest = bytes
    }

    /// The next attribute; `nil` at the end.
    ///
    /// Fewer than 4 bytes at the end are padding.
    @_lifetime(copy self)
    package mutating func next() throws(NetlinkError) -> Attribute? {
        guard rest.byteCount >= 4 else { return nil }
        let length = Int(rest.unsafeLoadUnaligned(as: UInt16.self))
        let type = rest.unsafeLoadUnaligned(fromByteOffset: 2, as: UInt16.self)
        guard length >= 4, length <= rest.byteCount else {
            throw NetlinkError(
                .malformed, operation: "read attributes",
                message: "attribute length \(length) with \(rest.byteCount) bytes left")
        }
        let payload = rest.extracting(4..<length)
        rest = rest.extracting(droppingFirst: min((length + 3) & ~3, rest.byteCount))
        return Attribute(type: Int(type & ~UInt16(NLA_F_NESTED | NLA_F_NET_BYTEORDER)), payload: payload)
    }

    /// The attributes inside the next attribute of that type; others are passed over.
    @_lifetime(copy self)
    package mutating func next(nested type: Int) throws(NetlinkError) -> AttributeCursor? {
        while let attribute = try next() {
            if attribute.type == type { return attribute.nested }
        }
        return nil
    }
}
