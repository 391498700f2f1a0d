internal import CSystem
internal import Glibc
internal import Programs

/// One end of the socket between the agent and a checker: a message in each packet, and nobody waits.
final class MessageSocket {
    enum Received {
        case message(CheckerMessage)
        /// A packet that is no message.
        case malformed
        case nothing
        /// Nobody is at the other end any more.
        case end
    }

    private let socket: Descriptor
    private var buffer = [UInt8](repeating: 0, count: CheckerMessage.maximumSize)

    init(_ socket: consuming Descriptor) { self.socket = socket }

    var descriptor: Int32 { socket.value }

    func receive() -> Received {
        // The count is that of the whole packet, however much of it fitted.
        let count = recv(socket.value, &buffer, buffer.count, Int32(MSG_TRUNC))
        if count < 0 {
            switch errno {
            case EAGAIN, EINTR: return .nothing
            // The other end has gone without having read everything. What it had sent before is still there.
            case ECONNRESET: return receive()
            default: return .end
            }
        }
        guard count > 0 else { return .end }
        guard count <= buffer.count, let message = CheckerMessage(Array(buffer[..<count])) else { return .malformed }
        return .message(message)
    }

    /// Sends a message; `false` if the socket is full. Where nobody is at the other end, it is as good as sent.
    func send(_ message: CheckerMessage) -> Bool {
        let bytes = message.bytes
        let sent = Glibc.send(socket.value, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        return sent >= 0 || errno == EPIPE || errno == ECONNRESET
    }
}
