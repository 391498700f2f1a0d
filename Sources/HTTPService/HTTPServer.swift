internal import CMicroHTTPD
internal import Glibc
package import LoadBalancing

/// A small HTTP server on a thread of its own, by libmicrohttpd: GET and HEAD without bodies, within bounds.
///
/// It ends with its last reference, and waits for the request that is being answered.
package final class HTTPServer {
    /// Answers a request, on the server's thread: every other request waits for it. It must not hold the server.
    package typealias Handler = @Sendable (HTTPRequest) -> HTTPResponse

    /// Where connections come from.
    package enum Listener: Hashable, Sendable {
        /// A TCP port; 0 for any that is free. An IPv6 address takes no connections by IPv4, `::` neither.
        case tcp(address: IPAddress, port: UInt16)
        /// A Unix socket that only its owner can connect to.
        case unix(path: String)
        /// Nothing but ``HTTPServer/take(_:)``.
        case handedOver
    }

    /// The TCP port it listens on; `nil` without one.
    package let port: UInt16?

    private let server: OpaquePointer
    private let responder: Responder
    private var file: SocketFile?

    /// Starts to listen and to answer.
    ///
    /// - Throws: Why it cannot listen there.
    package init(
        _ listener: Listener, limits: Limits = .standard, handler: @escaping Handler
    ) throws(HTTPServiceError) {
        let place: String
        let descriptor: Int32
        switch listener {
        case .tcp(let address, let port):
            place = "\(Endpoint(address, port: port))"
            descriptor = try ListeningSocket(address, port: port).release()
            file = nil
        case .unix(let path):
            place = path
            descriptor = try ListeningSocket(path: path).release()
            file = SocketFile(path: path)
        case .handedOver:
            place = "HTTP"
            descriptor = -1
            file = nil
        }
        port = descriptor < 0 ? nil : SocketAddress(of: descriptor)?.port
        responder = Responder(handler)
        guard let server = Self.start(descriptor, limits, responder) else {
            throw HTTPServiceError(.notStarted, at: place)
        }
        self.server = server
    }

    deinit {
        // While it still answers: nobody takes the file for a dead server's and puts another in its place.
        file = nil
        MHD_stop_daemon(server)
    }

    /// Serves a connection that another accepted.
    ///
    /// - Parameter descriptor: A connected socket. It belongs to the server from here on, which closes it at once when
    ///   it has as many connections as it may.
    package func take(_ descriptor: Int32) {
        guard let peer = SocketAddress(peerOf: descriptor) else {
            close(descriptor)
            return
        }
        _ = peer.withPointer { MHD_add_connection(server, descriptor, $0, $1) }
    }

    private static func start(_ descriptor: Int32, _ limits: Limits, _ responder: Responder) -> OpaquePointer? {
        // The server's thread takes this thread's mask: signals are for those who wait for them, and a client that
        // goes away raises none. Faults of the thread's own cannot be put off.
        var blocked = sigset_t()
        var before = sigset_t()
        sigfillset(&blocked)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS] { sigdelset(&blocked, fault) }
        pthread_sigmask(SIG_SETMASK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return cmicrohttpd_start(
            descriptor, limits.forLibrary, Responder.answer, Unmanaged.passUnretained(responder).toOpaque())
    }
}
