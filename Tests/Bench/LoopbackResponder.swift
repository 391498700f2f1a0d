import Glibc

/// A server on all addresses of this host that accepts, and answers whatever is asked with 200.
final class LoopbackResponder {
    let port: UInt16

    private static let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".utf8)

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard listen(listener, 4_096) == 0 else { throw BenchError("listen: \(errno)") }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        port = UInt16(bigEndian: address.sin_port)
        var thread = pthread_t()
        let context = UnsafeMutableRawPointer(bitPattern: Int(listener))
        let code = pthread_create(
            &thread, nil,
            { context in
                LoopbackResponder.serve(Int32(Int(bitPattern: context)))
                return nil
            }, context)
        guard code == 0 else { throw BenchError("pthread_create: \(code)") }
    }

    /// Serves until the program ends.
    private static func serve(_ listener: Int32) {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var waiting = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        while poll(&waiting, nfds_t(waiting.count), -1) >= 0 {
            if waiting[0].revents != 0 {
                while true {
                    let connection = accept(listener, nil, nil)
                    guard connection >= 0 else { break }
                    waiting.append(pollfd(fd: connection, events: Int16(POLLIN), revents: 0))
                }
            }
            for index in waiting.indices.dropFirst() where waiting[index].revents != 0 {
                let connection = waiting[index].fd
                if read(connection, &buffer, buffer.count) > 0 {
                    send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                }
                close(connection)
                waiting[index].fd = -1
            }
            waiting.removeAll { $0.fd < 0 }
        }
    }
}
