import Glibc

/// What comes of asking a ``PeerServer``.
enum Answer: Equatable {
    /// The server sees the client come from this address.
    case from(String)
    /// A reset, or a message that the port cannot be reached, for the first packet.
    case refused
    /// Nothing within a second in which this process was running.
    case silence
    case failure(Int32)

    /// Asks by TCP in the calling thread's namespace.
    ///
    /// - Parameter source: The client's address; `nil` leaves it to the kernel.
    static func ask(_ host: String, port: UInt16, from source: String? = nil) throws(ScenarioFailure) -> Answer {
        let any = host.contains(":") ? "::" : "0.0.0.0"
        let socket = try TrafficSocket(boundTo: try SocketAddress(source ?? any, port: 0))
        let code = socket.connect(to: try SocketAddress(host, port: port))
        if code != 0 { return failed(code) }
        guard isReady(socket.descriptor, POLLOUT) else { return .silence }
        let error = socket.takeError()
        if error != 0 { return socket.lostCount == 0 ? failed(error) : .failure(error) }
        guard isReady(socket.descriptor, POLLIN) else { return .silence }
        switch socket.read() {
        case .bytes(let bytes): return .from(String(decoding: bytes, as: UTF8.self))
        case .failure(let code): return failed(code)
        case .nothing, .end: return .silence
        }
    }

    /// Sends a datagram, which is refused or gets no answer.
    static func send(_ host: String, port: UInt16) throws(ScenarioFailure) -> Answer {
        let target = try SocketAddress(host, port: port)
        let descriptor = socket(target.domain, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCall.failure("socket") }
        defer { close(descriptor) }
        guard target.withPointer({ connect(descriptor, $0, $1) }) == 0 else { return failed(errno) }
        guard Glibc.send(descriptor, "?", 1, 0) == 1 else { return failed(errno) }
        guard isReady(descriptor, POLLIN) else { return .silence }
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) < 0 ? failed(errno) : .from(host)
    }

    private static func failed(_ code: Int32) -> Answer { code == ECONNREFUSED ? .refused : .failure(code) }

    private static func isReady(_ descriptor: Int32, _ events: Int32) -> Bool {
        // No more than what a look should take counts: a machine that is busy has not been silent.
        for _ in 0..<100 {
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            if poll(&entry, 1, 10) > 0 { return true }
        }
        return false
    }
}
