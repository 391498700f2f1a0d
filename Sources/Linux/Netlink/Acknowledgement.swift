internal import CNetlink

/// The content of an `NLMSG_ERROR` or `NLMSG_DONE` message: the verdict on one request.
package struct Acknowledgement: Hashable, Sendable {
    /// 0 for success, else a positive errno.
    package let errno: Int32
    /// The kernel's explanation (`NLMSGERR_ATTR_MSG`), if it sent one.
    package let message: String?

    /// Reads the message's payload: an errno, after an error the request, and with `NETLINK_EXT_ACK` attributes.
    package init(_ source: borrowing Message) throws(NetlinkError) {
        let payload = source.payload
        guard payload.byteCount >= 4 else {
            throw NetlinkError(.malformed, operation: "read an acknowledgement", message: "no errno")
        }
        let code = payload.unsafeLoadUnaligned(as: Int32.self)
        guard code <= 0, code > -4096 else {
            throw NetlinkError(.malformed, operation: "read an acknowledgement", message: "errno \(code)")
        }
        errno = -code
        guard source.flags & UInt16(NLM_F_ACK_TLVS) != 0 else {
            message = nil
            return
        }
        let attributes = 4 + (try Self.echoedLength(source))
        guard attributes <= payload.byteCount else {
            throw NetlinkError(.malformed, operation: "read an acknowledgement", message: "echo beyond its end")
        }
        message = try Self.explanation(payload.extracting(droppingFirst: attributes))
    }

    /// Bytes of the request that stand before the attributes: none after a dump, its header if the kernel capped it.
    private static func echoedLength(_ source: borrowing Message) throws(NetlinkError) -> Int {
        let header = MemoryLayout<nlmsghdr>.size
        if Int32(source.type) == NLMSG_DONE { return 0 }
        if source.flags & UInt16(NLM_F_CAPPED) != 0 { return header }
        guard source.payload.byteCount >= 4 + header else {
            throw NetlinkError(.malformed, operation: "read an acknowledgement", message: "no echo of the request")
        }
        return (Int(source.payload.unsafeLoadUnaligned(fromByteOffset: 4, as: UInt32.self)) + 3) & ~3
    }

    private static func explanation(_ bytes: RawSpan) throws(NetlinkError) -> String? {
        var attributes = AttributeCursor(bytes)
        while let attribute = try attributes.next() {
            if attribute.type == Int(NLMSGERR_ATTR_MSG.rawValue) { return attribute.string() }
        }
        return nil
    }
}
