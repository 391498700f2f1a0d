internal import CNetlink
internal import Glibc

/// The memory of a system call that receives two datagrams: one into the caller's buffer, and one that is there
/// already into a spare buffer, from which the next call takes it.
///
/// A dump that fits one datagram is followed by a datagram that only says so; they come with one call.
struct DatagramPair: ~Copyable {
    private let spareBuffer: UnsafeMutableRawBufferPointer
    private var spare: ReceivedDatagram?
    // At fixed addresses, for the messages point to the vectors and the senders.
    private let vectors: UnsafeMutablePointer<iovec>
    private let senders: UnsafeMutablePointer<sockaddr_nl>
    private let messages: UnsafeMutablePointer<cnetlink_mmsghdr>

    init() {
        // The kernel fills datagrams of dumps up to 32 KiB.
        spareBuffer = .allocate(byteCount: 64 << 10, alignment: 8)
        vectors = .allocate(capacity: 2)
        senders = .allocate(capacity: 2)
        messages = .allocate(capacity: 2)
        vectors.initialize(repeating: iovec(iov_base: spareBuffer.baseAddress, iov_len: spareBuffer.count), count: 2)
        senders.initialize(repeating: sockaddr_nl(), count: 2)
        messages.initialize(repeating: cnetlink_mmsghdr(), count: 2)
        for index in 0..<2 {
            messages[index].msg_hdr.msg_name = UnsafeMutableRawPointer(senders + index)
            messages[index].msg_hdr.msg_iov = vectors + index
            messages[index].msg_hdr.msg_iovlen = 1
        }
    }

    deinit {
        spareBuffer.deallocate()
        vectors.deallocate()
        senders.deallocate()
        messages.deallocate()
    }

    /// Forgets a datagram that came along.
    mutating func reset() { spare = nil }

    /// Receives the next datagram of the kernel's; those of other processes and interrupted calls do not count.
    mutating func receive(
        from descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(TransportError) -> ReceivedDatagram {
        while true {
            if let datagram = takeSpare(into: buffer) { return datagram }
            vectors[0] = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
            for index in 0..<2 { messages[index].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_nl>.size) }
            let received = cnetlink_receive_two(descriptor, messages)
            if received < 0, errno != EINTR { throw TransportError(errno: errno) }
            if received == 2, senders[1].nl_pid == 0 { spare = datagram(1, in: spareBuffer) }
            if received > 0, senders[0].nl_pid == 0 { return datagram(0, in: buffer) }
        }
    }

    /// The length that the kernel tells is the datagram's own, however much of it fitted.
    private func datagram(_ index: Int, in buffer: UnsafeMutableRawBufferPointer) -> ReceivedDatagram {
        let length = Int(messages[index].msg_len)
        return ReceivedDatagram(count: min(length, buffer.count), isTruncated: length > buffer.count)
    }

    private mutating func takeSpare(into buffer: UnsafeMutableRawBufferPointer) -> ReceivedDatagram? {
        guard let datagram = spare else { return nil }
        spare = nil
        let count = min(datagram.count, buffer.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: spareBuffer[..<count]))
        return ReceivedDatagram(count: count, isTruncated: datagram.isTruncated || count < datagram.count)
    }
}
