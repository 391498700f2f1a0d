import Glibc

/// What a client learns.
enum LabOutcome: Hashable, Sendable, CustomStringConvertible {
    /// A pod answered, and tells from which address it was asked.
    case served(by: String, source: String)
    /// A reset, an ICMP message, or, for the node's own packets, an error of the system call.
    case refused
    /// Nothing came in time.
    case silent
    /// Something else went wrong: an error's number.
    case failed(Int32)

    init(code: Int32) {
        switch code {
        case ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ECONNRESET, EPROTO, ENOPROTOOPT, EACCES, EPERM: self = .refused
        case ETIMEDOUT: self = .silent
        default: self = .failed(code)
        }
    }

    /// A server's line: `a 203.0.113.11`.
    init(line: some Collection<UInt8>) {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        self = words.count == 2 ? .served(by: String(words[0]), source: String(words[1])) : .failed(EBADMSG)
    }

    /// The pod that answered.
    var server: String? {
        guard case .served(let server, _) = self else { return nil }
        return server
    }

    /// The address that the pod saw.
    var source: String? {
        guard case .served(_, let source) = self else { return nil }
        return source
    }

    var description: String {
        switch self {
        case .served(let server, let source): "\(server) saw \(source)"
        case .refused: "refused"
        case .silent: "silent"
        case .failed(let code): "failed: \(strerror(code).map { String(cString: $0) } ?? "\(code)")"
        }
    }
}
