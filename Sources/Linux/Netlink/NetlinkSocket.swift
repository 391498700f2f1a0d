internal import CNetlink
internal import Glibc

/// A netlink socket: libnl opens it, the datagrams are ours.
///
/// libnl's receive path is never used on this socket, for the two would take each other's answers.
package class NetlinkSocket: NetlinkTransport {
    private let netlinkProtocol: NetlinkProtocol
    private var socket: OpaquePointer?
    private let receiveBufferSize: Int32
    private let sendBufferSize: Int32
    private let timeLimit: timeval
    private var datagrams = DatagramPair()

    /// Opens a socket in the calling process's network namespace.
    ///
    /// - Parameters:
    ///   - receiveBufferSize: Bytes of answers that the kernel may queue; beyond, answers are lost.
    ///   - sendBufferSize: Bytes of the largest datagram out, and some for the kernel's own use.
    ///   - timeLimitSeconds: How long one answer may take.
    package init(
        _ netlinkProtocol: NetlinkProtocol, receiveBufferSize: Int32 = 8 << 20, sendBufferSize: Int32 = 1 << 20,
        timeLimitSeconds: Int = 10
    ) throws(NetlinkError) {
        self.netlinkProtocol = netlinkProtocol
        self.receiveBufferSize = receiveBufferSize
        self.sendBufferSize = sendBufferSize
        timeLimit = timeval(tv_sec: timeLimitSeconds, tv_usec: 0)
        do {
            try open()
        } catch {
            // The kernel has no such protocol, and no module of it.
            let isMissing = error.errno == EPROTONOSUPPORT
            throw NetlinkError(
                isMissing ? .familyMissing : .system(error.errno), operation: "open a \(netlinkProtocol) socket",
                message: isMissing ? "the kernel has no \(netlinkProtocol)" : nil)
        }
    }

    deinit { nl_socket_free(socket) }

    /// The number that no other network namespace of this boot has; `nil` before Linux 5.14.
    package var namespaceCookie: UInt64? {
        var cookie: UInt64 = 0
        var length = socklen_t(MemoryLayout<UInt64>.size)
        // SO_NETNS_COOKIE of <asm-generic/socket.h>, which older C libraries lack.
        return getsockopt(nl_socket_get_fd(socket), SOL_SOCKET, 71, &cookie, &length) == 0 ? cookie : nil
    }

    package func send(_ bytes: UnsafeRawBufferPointer) throws(TransportError) {
        while true {
            let sent = Glibc.send(nl_socket_get_fd(socket), bytes.baseAddress, bytes.count, 0)
            if sent == bytes.count { return }
            if sent >= 0 { throw TransportError(errno: EMSGSIZE) }
            if errno != EINTR { throw TransportError(errno: errno) }
        }
    }

    package func receive(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> ReceivedDatagram {
        try datagrams.receive(from: nl_socket_get_fd(socket), into: buffer)
    }

    package func reset() throws(TransportError) {
        nl_socket_free(socket)
        socket = nil
        datagrams.reset()
        try open()
    }

    private func open() throws(TransportError) {
        guard let socket = nl_socket_alloc() else { throw TransportError(errno: ENOMEM) }
        self.socket = socket
        guard nl_connect(socket, netlinkProtocol.number) >= 0 else { throw TransportError(errno: errno) }
        let descriptor = nl_socket_get_fd(socket)
        // A batch may be answered by an error per message: make room, past the system's limit where we may.
        if !setOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferSize) {
            _ = setOption(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBufferSize)
        }
        if !setOption(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, sendBufferSize) {
            _ = setOption(descriptor, SOL_SOCKET, SO_SNDBUF, sendBufferSize)
        }
        // Conveniences of newer kernels: without them acknowledgements are longer and unexplained, no more.
        _ = setOption(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, Int32(1))
        _ = setOption(descriptor, SOL_NETLINK, NETLINK_EXT_ACK, Int32(1))
        if netlinkProtocol == .route {
            // Dumps then keep to what is asked for; whoever asks looks for himself as well.
            _ = setOption(descriptor, SOL_NETLINK, NETLINK_GET_STRICT_CHK, Int32(1))
        }
        guard setOption(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeLimit),
            setOption(descriptor, SOL_SOCKET, SO_SNDTIMEO, timeLimit)
        else { throw TransportError(errno: errno) }
    }

    private func setOption<Value: BitwiseCopyable>(
        _ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Value
    ) -> Bool {
        withUnsafeBytes(of: value) { bytes in
            setsockopt(descriptor, level, name, bytes.baseAddress, socklen_t(bytes.count)) == 0
        }
    }
}

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

/// The kernel's generic netlink, whose families have numbers that the kernel gives them.
package final class GenericNetlinkSocket: NetlinkSocket {
    /// Opens a socket in the calling process's network namespace.
    ///
    /// - Parameters:
    ///   - receiveBufferSize: Bytes of answers that the kernel may queue; beyond, answers are lost.
    ///   - timeLimitSeconds: How long one answer may take.
    package init(receiveBufferSize: Int32 = 8 << 20, timeLimitSeconds: Int = 10) throws(NetlinkError) {
        try super.init(.generic, receiveBufferSize: receiveBufferSize, timeLimitSeconds: timeLimitSeconds)
    }

    /// The number of a family in this kernel; asking may load the module.
    package static func resolveFamily(_ name: String) throws(NetlinkError) -> UInt16 {
        let family = GenericNetlinkFamily(name, version: 1, module: "") { false }
        return try GenericNetlinkChannel(transport: try GenericNetlinkSocket(), family: family).resolve()
    }
}

/// The parts of the kernel that sockets of ours speak with.
package enum NetlinkProtocol: Hashable, Sendable {
    /// Families of commands, IPVS among them (`NETLINK_GENERIC`).
    case generic
    /// Devices, addresses and routes (`NETLINK_ROUTE`).
    case route
    /// Connection tracking (`NETLINK_NETFILTER`).
    case netfilter

    /// The number that `socket(2)` takes.
    var number: Int32 {
        switch self {
        case .generic: NETLINK_GENERIC
        case .route: NETLINK_ROUTE
        case .netfilter: NETLINK_NETFILTER
        }
    }
}

extension NetlinkProtocol: CustomStringConvertible {
    /// `generic netlink`, `route netlink` or `netfilter netlink`.
    package var description: String {
        switch self {
        case .generic: "generic netlink"
        case .route: "route netlink"
        case .netfilter: "netfilter netlink"
        }
    }
}
