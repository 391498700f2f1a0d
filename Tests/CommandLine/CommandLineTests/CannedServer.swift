import Glibc
import Testing

/// A server that gives every request the same answer, and ends its connection.
final class CannedServer: Sendable {
    private let listener: Int32
    /// Of one on TCP.
    let port: UInt16

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// On a port of 127.0.0.1 that is free.
    init(_ body: String, status: String = "200 OK") throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        try Self.listen(descriptor, &address)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        listener = descriptor
        port = UInt16(bigEndian: address.sin_port)
        try serve(body, status)
    }

    /// On a Unix socket.
    init(_ body: String, path: String) throws {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(100)) }
        try Self.listen(descriptor, &address)
        listener = descriptor
        port = 0
        try serve(body, "200 OK")
    }

    private static func listen<Address>(_ descriptor: Int32, _ address: inout Address) throws {
        let isListening = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0
            }
        }
        try #require(isListening && Glibc.listen(descriptor, 64) == 0)
    }

    private final class Work {
        let listener: Int32
        let answer: [UInt8]

        init(_ listener: Int32, _ answer: [UInt8]) {
            self.listener = listener
            self.answer = answer
        }

        func run() {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                var request: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 4096)
                while !request.suffix(4).elementsEqual([13, 10, 13, 10]) {
                    let count = recv(connection, &chunk, chunk.count, 0)
                    guard count > 0 else { break }
                    request += chunk[..<count]
                }
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                close(connection)
            }
            close(listener)
        }
    }

    private func serve(_ body: String, _ status: String) throws {
        let head =
            "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n"
        let work = Unmanaged.passRetained(Work(listener, Array((head + body).utf8)))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, work.toOpaque())
        try #require(code == 0)
        pthread_detach(thread)
    }
}
