import CSystem
import Glibc
import LoadBalancing
import Sockets

@testable import HTTPService

/// A client that sends and receives bytes, one step at a time.
final class Client {
    struct Answer {
        let status: Int
        /// By their names in lower case.
        let headers: [String: String]
        let body: String
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// - Parameter source: The address that it comes from; the kernel chooses one unless told.
    convenience init(_ address: IPAddress = .loopback, port: UInt16, from source: IPAddress? = nil) throws {
        try self.init(SocketAddress(address, port: port), from: source.map { SocketAddress($0, port: 0) })
    }

    convenience init(path: String) throws {
        guard let address = SocketAddress(path: path) else { throw TestError("no path for a socket: \(path)") }
        try self.init(address)
    }

    private init(_ address: SocketAddress, from source: SocketAddress? = nil) throws {
        descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // Nothing here takes long; a test that goes wrong must not wait for ever.
        var patience = timeval(tv_sec: 600, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if let source { _ = source.withPointer { bind(descriptor, $0, $1) } }
        guard address.withPointer({ connect(descriptor, $0, $1) }) == 0 else { throw TestError("connect: \(errno)") }
    }

    deinit { close(descriptor) }

    var localPort: UInt16? { SocketAddress(of: descriptor)?.port }

    /// Whether something can be received now.
    var hasNews: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !received.isEmpty || Glibc.poll(&poll, 1, 0) > 0
    }

    /// Sends as much as the other end takes.
    func send(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// Says that it sends no more.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection without a word, as the kernel does for a process that is killed with data unread.
    func reset() {
        var abort = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reads a byte; whether there was one.
    func receiveByte() -> Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, 0) == 1
    }

    func request(_ target: String, method: String = "GET", headers: [String] = []) {
        send((["\(method) \(target) HTTP/1.1", "Host: test"] + headers).map { $0 + "\r\n" }.joined() + "\r\n")
    }

    /// Sends a request and waits for the answer.
    func get(_ target: String, method: String = "GET", headers: [String] = []) throws -> Answer {
        request(target, method: method, headers: headers)
        return try answer(hasBody: method != "HEAD")
    }

    /// The next answer.
    func answer(hasBody: Bool = true) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        var head: [Substring]?
        while head == nil {
            if let range = received.firstRange(of: end) {
                head = String(decoding: received[..<range.lowerBound], as: UTF8.self).split(separator: "\r\n")
                received.removeSubrange(..<range.upperBound)
            } else if !receive() {
                throw TestError("the connection ended before the answer")
            }
        }
        let lines = head ?? []
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ": ", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1]) : ""
        }
        let length = hasBody ? Int(headers["content-length"] ?? "0") ?? 0 : 0
        while received.count < length, receive() {}
        let body = String(decoding: received.prefix(length), as: UTF8.self)
        received.removeFirst(min(length, received.count))
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Answer(status: status, headers: headers, body: body)
    }

    /// Waits until the other end closes the connection; whether nothing came before that.
    func endsWithoutNews() -> Bool { received.isEmpty && !receive() && errno != EAGAIN }

    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        errno = 0
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { received += buffer[..<count] }
        return count > 0
    }
}

struct TestError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension IPAddress {
    static let loopback = IPAddress(v4: 0x7F00_0001)
    static let loopbackV6 = IPAddress(v6High: 0, low: 1)

    /// An address of this host that no other test uses, so that every port of it is free.
    static func ownLoopback() -> IPAddress { IPAddress(v4: 0x7F00_0000 | .random(in: 0x01_0000...0xFF_FFFE)) }

    var isOnThisHost: Bool { (try? ListeningSocket(self, port: 0)) != nil }
}
