internal import CSystem
internal import Glibc

/// A connection of a server, and how far it has come.
final class Connection {
    enum Stage {
        /// Its request comes.
        case arriving
        /// Its answer is being worked out, or waits to be: by the key of such answers, and the number of the work.
        case waiting(HTTPRequest, key: String, work: UInt64?)
        /// Its answer goes.
        case sending
        /// Its answer has gone. What the client still sends is passed over, so that it does not lose the answer.
        case leaving
    }

    /// What is sent: the same body may go to several.
    struct Output {
        let head: [UInt8]
        let body: Body
        var sent = 0
    }

    final class Body {
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    /// How an attempt ended.
    enum Progress {
        case done
        /// The other end has to do something first.
        case blocked
        case broken
    }

    let identifier: Places.Identifier
    let descriptor: Int32
    let key: Places.Key
    var stage = Stage.arriving
    /// When it came to where it has a place.
    var since: ContinuousClock.Instant
    var head = RequestHead()
    var isHeadRequest = false
    /// Whether the client may still send, though it was answered.
    var isRefused = false
    var output: Output?
    var isWatched = false
    /// Bytes that came after the request and were passed over.
    private var passedOver = 0

    /// In one turn, so that others have theirs.
    private static let bytesAtOnce = 1 << 20
    private static let passedOverLimit = 256 << 10

    init(_ identifier: Places.Identifier, _ descriptor: Int32, _ key: Places.Key, since: ContinuousClock.Instant) {
        self.identifier = identifier
        self.descriptor = descriptor
        self.key = key
        self.since = since
    }

    deinit { close(descriptor) }

    /// The process at the other end; `nil` for a connection over TCP.
    var peer: HTTPRequest.Peer? {
        // A Unix socket has no port.
        guard key.port == nil else { return nil }
        var user: uid_t = 0
        var process: pid_t = 0
        guard csystem_peer(descriptor, &process, &user) == 0 else { return nil }
        return HTTPRequest.Peer(user: user, process: process)
    }

    /// Has the end come at once, without the kernel keeping what was not sent.
    func reset() {
        var abort = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abort, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reads what has come of the head.
    func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Progress {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                head.append(buffer[..<count])
                if head.isComplete || head.isTooLong { return .done }
                // There was no more; what comes later is news.
                if count < buffer.count { return .blocked }
            } else if count == 0 {
                return .broken
            } else if errno != EINTR {
                return errno == EAGAIN ? .blocked : .broken
            }
        }
    }

    /// Sends as much of the answer as the client takes.
    func send() -> Progress {
        guard var output else { return .done }
        defer { self.output = output }
        let (head, body) = (output.head, output.body.bytes)
        let total = head.count + (isHeadRequest ? 0 : body.count)
        let limit = min(total, output.sent + Self.bytesAtOnce)
        while output.sent < limit {
            let (part, offset) = output.sent < head.count ? (head, output.sent) : (body, output.sent - head.count)
            let more = output.sent < head.count && total > head.count ? Int32(MSG_MORE) : 0
            let count = part.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: offset), bytes.count - offset,
                    Int32(MSG_NOSIGNAL) | more)
            }
            if count > 0 {
                output.sent += count
            } else if errno != EINTR {
                return errno == EAGAIN ? .blocked : .broken
            }
        }
        return output.sent == total ? .done : .blocked
    }

    /// Reads and forgets what comes after the request, within bounds.
    func passOver(_ buffer: UnsafeMutableRawBufferPointer) -> Progress {
        while passedOver < Self.passedOverLimit {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 {
                passedOver += count
            } else if count == 0 {
                return .done
            } else if errno != EINTR {
                return errno == EAGAIN ? .blocked : .broken
            }
        }
        return .broken
    }
}
