import Glibc

/// A UDP socket of the scenario's own process: clients and servers share its one thread, for a datagram waits until
/// somebody takes it.
final class UDPSocket {
    private let descriptor: Int32

    /// A socket bound to an address of the calling thread's namespace.
    init(boundTo address: SocketAddress) throws(ScenarioFailure) {
        descriptor = socket(address.domain, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCall.failure("socket") }
        var limit = timeval(tv_sec: Int(Patience.step.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else {
            throw SystemCall.failure("bind \(address.host)")
        }
    }

    deinit { close(descriptor) }

    func send(_ word: String, to address: SocketAddress) throws(ScenarioFailure) {
        let sent = address.withPointer { sendto(descriptor, word, word.utf8.count, 0, $0, $1) }
        guard sent == word.utf8.count else { throw SystemCall.failure("send to \(address.host)") }
    }

    /// The next word that comes within ``Patience/step``.
    func receive() throws(ScenarioFailure) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw SystemCall.failure("receive") }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Answers a word that is there already.
    ///
    /// - Returns: Whether there was one.
    func answer(_ word: String) throws(ScenarioFailure) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 256)
        var sender = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let sent = withUnsafeMutablePointer(to: &sender) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let count = recvfrom(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT), address, &length)
                return count < 0 ? -1 : sendto(descriptor, word, word.utf8.count, 0, address, length)
            }
        }
        if sent < 0, errno != EAGAIN { throw SystemCall.failure("answer") }
        return sent >= 0
    }
}
