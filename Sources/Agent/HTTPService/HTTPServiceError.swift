internal import Glibc

/// What went wrong with a server or with a request to one, and where.
package struct HTTPServiceError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Nobody can be heard there, by its errno.
        case listening(Int32)
        /// Another process answers at that Unix socket.
        case occupied
        /// A file that is no socket has its place.
        case notSocket
        /// Too long for the address of a Unix socket (107 bytes), empty, or with a NUL.
        case unusablePath
        /// Its thread did not start.
        case notStarted

        /// There is no such Unix socket.
        case absent
        /// The socket is another user's.
        case forbidden
        /// The socket is there and its process is gone.
        case refused
        case timedOut
        /// The answer is longer than that many bytes.
        case tooLong(Int)
        /// A target that does not begin with `/`, or has spaces or control characters.
        case unusableTarget
        /// The connection or the answer is no good, in libcurl's words.
        case broken(String)
    }

    package let kind: Kind
    /// `127.0.0.1:80`, or a path.
    package let place: String

    package init(_ kind: Kind, at place: String) {
        self.kind = kind
        self.place = place
    }
}

extension HTTPServiceError: CustomStringConvertible {
    /// `/run/ipvsync/agent.sock: nobody listens there; is 'ipvsync run' at work?`.
    package var description: String { "\(place): \(problem)" }

    private var problem: String {
        switch kind {
        case .listening(EADDRINUSE): "cannot listen: another process does; 'ss -ltnp' tells which"
        case .listening(EADDRNOTAVAIL): "cannot listen: this host has no such address"
        case .listening(EACCES): "cannot listen: not permitted: run as root or with CAP_NET_BIND_SERVICE"
        case .listening(EMFILE):
            "cannot listen: too many open files; raise the limit of the process (LimitNOFILE= in systemd)"
        case .listening(let code):
            "cannot listen: " + (strerror(code).map { String(cString: $0) } ?? "errno \(code)")
        case .occupied: "cannot listen: another process answers there; end it, or choose another path"
        case .notSocket: "cannot listen: there is a file that is no socket; move it away, or choose another path"
        case .unusablePath: "no path for a socket: it must have 1 to 107 bytes"
        case .notStarted: "the HTTP server did not start: too little memory, or too many threads"
        case .absent: "there is no such socket; is 'ipvsync run' at work, and is this its path?"
        case .forbidden: "not permitted; run as root, or as the user that runs the agent"
        case .refused: "nobody listens there any more; start 'ipvsync run'"
        case .timedOut: "no answer in time"
        case .tooLong(let limit): "the answer is longer than \(limit) bytes"
        case .unusableTarget: "no target for a request: it must begin with '/' and have no spaces"
        case .broken(let message): "the request failed: \(message)"
        }
    }
}
