import CSystem
import Glibc
import LoadBalancing

/// A socket that never waits, of TCP unless told otherwise.
///
/// Closing it resets the connection. The kernel's table keeps such a connection for 10 s, but one that is closed in order
/// for 2 minutes, and for so long its real server counts as busy: no drain would end within a scenario.
final class TrafficSocket {
    let descriptor: Int32

    /// What there was to read.
    enum Input {
        case bytes([UInt8])
        case nothing
        case end
        case failure(Int32)
    }

    private init(owning descriptor: Int32) {
        self.descriptor = descriptor
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    }

    deinit { close(descriptor) }

    /// A socket of the calling thread's namespace.
    convenience init(_ transport: TransportProtocol = .tcp, _ family: AddressFamily) throws(ScenarioFailure) {
        // Commands that the scenario starts must not keep connections open: SOCK_CLOEXEC.
        let type = transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        let kind = type.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let descriptor = socket(family == .ipv4 ? AF_INET : AF_INET6, Int32(kind), Int32(transport.rawValue))
        guard descriptor >= 0 else { throw SystemCall.failure("socket \(transport)") }
        self.init(owning: descriptor)
    }

    /// A socket bound to an address of the calling thread's namespace.
    convenience init(
        _ transport: TransportProtocol = .tcp, boundTo address: SocketAddress
    ) throws(ScenarioFailure) {
        try self.init(transport, address.family)
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
            throw SystemCall.failure("bind \(address.host)")
        }
    }

    func listen() throws(ScenarioFailure) {
        guard Glibc.listen(descriptor, 512) == 0 else { throw SystemCall.failure("listen") }
    }

    /// The next connection that was made to a listening socket, if there is one.
    func accept() -> TrafficSocket? {
        let accepted = csystem_accept(descriptor)
        return accepted >= 0 ? TrafficSocket(owning: accepted) : nil
    }

    /// Begins to connect.
    ///
    /// - Returns: Why that failed at once; 0 when it did not.
    func connect(to address: SocketAddress) -> Int32 {
        let result = address.withPointer { Glibc.connect(descriptor, $0, $1) }
        return result == 0 || errno == EINPROGRESS ? 0 : errno
    }

    /// What went wrong since this was asked for; 0 for nothing.
    func takeError() -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    /// - Returns: Why it could not be sent; 0 when it was.
    func send(_ bytes: [UInt8]) -> Int32 {
        let count = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        return count == bytes.count ? 0 : count < 0 ? errno : EAGAIN
    }

    func read() -> Input {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { return .bytes(Array(buffer[..<count])) }
        if count == 0 { return .end }
        return errno == EAGAIN || errno == EINTR ? .nothing : .failure(errno)
    }

    /// How often this side's TCP had to send something again that was lost.
    ///
    /// On a busy machine it sends again what is only late. The other side tells of each packet that it has got twice
    /// (D-SACK, RFC 2883), a moment later.
    var lostCount: Int {
        // The kernel's `struct tcp_info` in linux/tcp.h, which goes on beyond that of the C library.
        var information = [UInt32](repeating: 0, count: 64)
        var size = socklen_t(information.count * MemoryLayout<UInt32>.size)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &information, &size) == 0 else { return 0 }
        // tcpi_total_retrans and tcpi_dsack_dups, which is 0 before Linux 5.5.
        return max(0, Int(information[25]) - Int(information[54]))
    }
}
