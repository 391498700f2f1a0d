import CSystem
import Glibc
import LoadBalancing
import Sockets
import Testing

/// A server on a free port of a loopback address, which does to every client the same.
final class LoopbackServer: Sendable {
    enum Manner {
        /// Accepts, and says nothing.
        case hangs
        /// Accepts, and resets the connection.
        case resets
        /// Accepts, and closes.
        case closes
        /// Reads something, then says this and closes.
        case answers(String)
        /// Says this at once; then the next one for each line that comes.
        case greets([String])
        /// Answers each datagram.
        case datagrams(@Sendable ([UInt8]) -> [[UInt8]])
    }

    let endpoint: Endpoint
    private let listener: Int32

    static let addresses = ["127.0.0.1", "::1"]

    /// - Throws: When the address is not there.
    init(_ manner: Manner, at address: String = "127.0.0.1") throws {
        let address = try #require(IPAddress(address))
        var type = SOCK_STREAM
        if case .datagrams = manner { type = SOCK_DGRAM }
        let opened = socket(
            address.family == .ipv4 ? AF_INET : AF_INET6, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let status = SocketAddress(address, port: 0).withPointer { bind(opened, $0, $1) }
        try #require(status == 0 && (type == SOCK_DGRAM || listen(opened, 64) == 0), "errno \(errno)")
        listener = opened
        endpoint = Endpoint(address, port: try #require(SocketAddress(of: opened)?.port))
        let work = Unmanaged.passRetained(Work(listener: listener, manner: manner))
        var thread = pthread_t()
        try #require(
            pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, work.toOpaque()) == 0)
        pthread_detach(thread)
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// A port at which nobody listens.
    static func closedEndpoint(_ address: String = "127.0.0.1") throws -> Endpoint {
        let address = try #require(IPAddress(address))
        let probe = socket(address.family == .ipv4 ? AF_INET : AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        try #require(SocketAddress(address, port: 0).withPointer { bind(probe, $0, $1) } == 0)
        return Endpoint(address, port: try #require(SocketAddress(of: probe)?.port))
    }

    private final class Work {
        let listener: Int32
        let manner: Manner
        var held: [Int32] = []

        init(listener: Int32, manner: Manner) {
            self.listener = listener
            self.manner = manner
        }

        deinit { for descriptor in held + [listener] { close(descriptor) } }

        func run() {
            if case .datagrams(let answers) = manner { return serveDatagrams(answers) }
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                serve(connection)
            }
        }

        private func serve(_ connection: Int32) {
            switch manner {
            case .hangs, .datagrams: held.append(connection)
            case .resets:
                var now = linger(l_onoff: 1, l_linger: 0)
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
                close(connection)
            case .closes: close(connection)
            case .answers(let text):
                var buffer = [UInt8](repeating: 0, count: 4096)
                _ = read(connection, &buffer, buffer.count)
                send(text, connection)
                shutdown(connection, Int32(SHUT_WR))
                while read(connection, &buffer, buffer.count) > 0 {}
                close(connection)
            case .greets(let lines):
                var buffer = [UInt8](repeating: 0, count: 4096)
                for line in lines {
                    send(line, connection)
                    if read(connection, &buffer, buffer.count) <= 0 { break }
                }
                close(connection)
            }
        }

        private func send(_ text: String, _ connection: Int32) {
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }

        private func serveDatagrams(_ answers: ([UInt8]) -> [[UInt8]]) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                var peer = sockaddr_storage()
                var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
                withUnsafeMutablePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                        let count = recvfrom(listener, &buffer, buffer.count, 0, peer, &length)
                        guard count > 0 || length > 0 else { return }
                        for answer in answers(Array(buffer[..<max(0, count)])) {
                            sendto(listener, answer, answer.count, Int32(MSG_NOSIGNAL), peer, length)
                        }
                    }
                }
                // A socket that was shut down receives nothing from nobody.
                if length == 0 { return }
            }
        }
    }
}
