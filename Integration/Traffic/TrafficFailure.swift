import Glibc

/// How a connection failed or broke.
struct TrafficFailure: Sendable, CustomStringConvertible {
    enum Action: String, Sendable {
        case connect
        case answer
    }

    /// The client's address.
    let source: String
    /// What was waited for.
    let action: Action
    /// The error's number: `ETIMEDOUT` for what took too long, 0 for a connection that the server's side ended.
    let code: Int32
    /// Since when it was waited for, counted from the beginning of the traffic.
    let time: Duration

    var description: String {
        let reason = code == 0 ? "closed by the other side" : strerror(code).map { String(cString: $0) } ?? "\(code)"
        return "after \(time / .milliseconds(1)) ms, from \(source): \(action.rawValue): \(reason)"
    }
}
