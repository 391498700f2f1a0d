/// A socket's worth of netlink: datagrams out, datagrams in. Scripted in tests, where faults are wanted.
package protocol NetlinkTransport: AnyObject {
    /// Sends one datagram, whole.
    func send(_ bytes: UnsafeRawBufferPointer) throws(TransportError)

    /// Receives one datagram of the kernel's; others' are dropped.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> ReceivedDatagram

    /// Drops everything under way, so that the next request starts clean.
    func reset() throws(TransportError)
}

/// A datagram that was received.
package struct ReceivedDatagram: Hashable, Sendable {
    /// The bytes that are in the buffer.
    package let count: Int
    /// Whether the datagram was larger than the buffer.
    package let isTruncated: Bool

    package init(count: Int, isTruncated: Bool = false) {
        self.count = count
        self.isTruncated = isTruncated
    }
}

/// A system call of a transport that failed; `EINTR` never reaches the caller.
package struct TransportError: Error, Hashable, Sendable {
    /// The errno, positive.
    package let errno: Int32

    package init(errno: Int32) { self.errno = errno }
}
