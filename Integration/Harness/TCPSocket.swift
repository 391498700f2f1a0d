import Glibc

/// A TCP socket of the scenario's own process: clients and servers share its one thread, for a connection is complete
/// before anybody accepts it.
final class TCPSocket {
    private let descriptor: Int32

    /// Closing resets the connection: the kernel's table forgets it in seconds, not minutes.
    private init(descriptor: Int32) {
        self.descriptor = descriptor
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    }

    deinit { close(descriptor) }

    /// Listens on an IPv4 address of the namespace.
    static func listen(on address: String, port: UInt16) throws(ScenarioFailure) -> TCPSocket {
        let socket = try make()
        var yes: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        try withAddress(address, port, "bind \(address):\(port)") { Glibc.bind(socket.descriptor, $0, $1) }
        guard Glibc.listen(socket.descriptor, 16) == 0 else { throw SystemCall.failure("listen") }
        return socket
    }

    /// Connects to an IPv4 address; fails after ``Patience/step``.
    static func connect(to address: String, port: UInt16) throws(ScenarioFailure) -> TCPSocket {
        let socket = try make()
        try withAddress(address, port, "connect to \(address):\(port)") { Glibc.connect(socket.descriptor, $0, $1) }
        return socket
    }

    /// The next connection that was made to a listening socket; fails after ``Patience/step``.
    func accept() throws(ScenarioFailure) -> TCPSocket {
        let accepted = Glibc.accept(descriptor, nil, nil)
        guard accepted >= 0 else { throw SystemCall.failure("accept") }
        return TCPSocket(descriptor: accepted)
    }

    /// This side's port, and the other's.
    var localPort: UInt16? { port(getsockname) }
    var peerPort: UInt16? { port(getpeername) }

    private func port(
        _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> UInt16? {
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &size) }
        }
        return result == 0 ? UInt16(bigEndian: name.sin_port) : nil
    }

    /// Sends a word to the other side and expects to see it arrive there, and back again.
    func exchange(
        with other: TCPSocket, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) {
        try other.receive(send("ping"), file: file, line: line)
        try receive(other.send("pong"), file: file, line: line)
    }

    private func send(_ word: String) throws(ScenarioFailure) -> String {
        guard Glibc.send(descriptor, word, word.utf8.count, Int32(MSG_NOSIGNAL)) == word.utf8.count else {
            throw SystemCall.failure("send")
        }
        return word
    }

    private func receive(_ word: String, file: StaticString, line: Int) throws(ScenarioFailure) {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw SystemCall.failure("receive") }
        try expectEqual(String(decoding: buffer[..<count], as: UTF8.self), word, "word", file: file, line: line)
    }

    private static func make() throws(ScenarioFailure) -> TCPSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemCall.failure("socket") }
        let socket = TCPSocket(descriptor: descriptor)
        var limit = timeval(tv_sec: Int(Patience.step.components.seconds), tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        return socket
    }

    private static func withAddress(
        _ address: String, _ port: UInt16, _ call: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(ScenarioFailure) {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        guard inet_pton(AF_INET, address, &name.sin_addr) == 1 else { throw ScenarioFailure("no address: \(address)") }
        let result = withUnsafePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if result != 0 { throw SystemCall.failure(call) }
    }
}
