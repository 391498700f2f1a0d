internal import Glibc
package import LoadBalancing

/// A small HTTP server on threads of its own: GET and HEAD without bodies, one request on each connection.
///
/// Nobody can occupy it. A newcomer always gets in: when all places are taken, the connection that was open longest of
/// the client or the port with the most goes. A request has a deadline as a whole, so has its answer. What is answered
/// at once never waits for what takes long: that has a thread and places of its own.
///
/// It ends with its last reference, whatever clients do and however long an answer takes.
package final class HTTPServer {
    /// Answers a request. It must not hold the server.
    package typealias Handler = @Sendable (HTTPRequest) -> HTTPResponse

    /// Tells what takes long to answer.
    ///
    /// - Returns: What the answer depends on: requests with the same text that wait are given the same answer. `nil`
    ///   for what is answered at once, between two other requests.
    package typealias SlowKey = @Sendable (HTTPRequest) -> String?

    /// Where connections come from.
    package enum Listener: Hashable, Sendable {
        /// A TCP port; 0 for any that is free. An IPv6 address takes no connections by IPv4, `::` neither.
        case tcp(address: IPAddress, port: UInt16)
        /// A Unix socket that only its owner can connect to.
        case unix(path: String)
        /// The TCP ports of ``HTTPServer/listen(on:)``, at these addresses; at every one for `nil`.
        case ports(addresses: [IPAddress]?)
    }

    /// The TCP port it listens on; `nil` without one, or with many.
    package let port: UInt16?

    private let mailbox: ServerMailbox
    private let thread: ServerThread
    private var file: SocketFile?

    /// Starts to listen and to answer.
    ///
    /// - Parameters:
    ///   - figures: Where it counts.
    ///   - problems: Told from the server's thread which ports of ``listen(on:)`` cannot be listened on, whenever that
    ///     is different from before. They are tried again every few seconds.
    /// - Throws: Why it cannot listen there.
    package init(
        _ listener: Listener, limits: Limits = .standard, figures: HTTPFigures = HTTPFigures(),
        slowKey: SlowKey? = nil, problems: @escaping @Sendable ([PortProblem]) -> Void = { _ in },
        handler: @escaping Handler
    ) throws(HTTPServiceError) {
        let place: String
        let listeners: PortListeners
        switch listener {
        case .tcp(let address, let number):
            place = "\(Endpoint(address, port: number))"
            listeners = try PortListeners()
            let socket = try ListeningSocket(address, port: number)
            port = SocketAddress(of: socket.descriptor)?.port
            try listeners.adopt(socket, port: port)
        case .unix(let path):
            place = path
            listeners = try PortListeners()
            try listeners.adopt(try ListeningSocket(path: path), port: nil)
            file = SocketFile(path: path)
            port = nil
        case .ports(let addresses):
            place = "HTTP"
            listeners = try PortListeners(addresses: addresses)
            port = nil
        }
        let mailbox = try ServerMailbox(at: place)
        var worker: SlowAnswers?
        if slowKey != nil { worker = try SlowAnswers(at: place, wake: mailbox.wake, handler: handler) }
        self.mailbox = mailbox
        let loop = try ServerLoop(
            listeners, limits, mailbox, figures, at: place,
            answering: ServerLoop.Answering(handler: handler, slowKey: slowKey ?? { _ in nil }, worker: worker),
            problems: problems)
        thread = try ServerThread("http", at: place) { loop.run() }
    }

    deinit {
        // While it still answers: nobody takes the file for a dead server's and puts another in its place.
        file = nil
        mailbox.stop()
        thread.join()
    }

    /// Listens on these ports and no others, soon. What stays is left alone.
    package func listen(on ports: Set<UInt16>) { mailbox.want(ports) }
}
