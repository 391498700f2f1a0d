internal import CSystem
internal import Glibc
package import LoadBalancing
internal import Sockets
internal import Synchronization

/// A small HTTP server on threads of its own: GET and HEAD without bodies, one request on each connection; on a Unix
/// socket POST as well.
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
        /// A TCP port; 0 for any that is free. An IPv6 address takes no connections by IPv4, `::` neither; no address
        /// takes all of both families.
        case tcp(address: IPAddress?, port: UInt16)
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
            place = address.map { "\(Endpoint($0, port: number))" } ?? ":\(number)"
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

extension HTTPServer {
    /// What clients may take of a server.
    package struct Limits: Hashable, Sendable {
        package static let standard = Limits()

        /// How many connections may be open whose request has not come whole. A newcomer takes the place of another.
        package var places = 256
        /// How many of them one client may have at one port: three quarters. An IPv6 network of 64 bits is one client.
        package var share: Int { max(1, places * 3 / 4) }
        /// How many requests may wait for answers that take long, or receive them. The newest take the places of
        /// others here as well.
        package var slowPlaces = 32
        /// How many connections may be slow to take a short answer, or to close after one.
        package var leavingPlaces = 32
        /// How long a request may take to come, from the connection to the end of its head, however it trickles.
        package var requestTimeout: Duration = .seconds(5)
        /// How long an answer may take, from the request to the last byte that the client has taken.
        package var answerTimeout: Duration = .seconds(20)
        /// Bytes of long answers that are kept for clients that have not taken them. Beyond that the oldest are let go,
        /// but for the newest.
        package var heldBytes = 64 << 20

        package init() {}

        /// The most descriptors that it has open beside its listening sockets.
        package var descriptors: Int { places + slowPlaces + leavingPlaces + Self.ownDescriptors }

        /// Two for `epoll`, two to wake threads, a spare one, and one that is just accepted.
        private static let ownDescriptors = 6
    }
}

/// What a server counts; it outlives the server.
package final class HTTPFigures: Sendable {
    /// Why a connection ended before it was answered.
    package enum End: String, Hashable, Sendable, CaseIterable {
        /// It made place for a newer one.
        case displaced
        /// Its request did not come, or its answer was not taken, in time.
        case late
        /// There were no descriptors left.
        case exhausted
    }

    package struct Counts: Hashable, Sendable {
        package var accepted: UInt64 = 0
        package var answered: UInt64 = 0
        package var ended: [End: UInt64] = [:]
        /// Connections that are open now.
        package var open = 0
    }

    private let counts = Mutex(Counts())

    package init() {}

    package var current: Counts { counts.withLock { $0 } }

    func count(_ change: (inout Counts) -> Void) { counts.withLock { change(&$0) } }
}

/// The file of a Unix socket, taken away with its owner unless another has its place by then.
struct SocketFile: ~Copyable {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    init(path: String) {
        var status = stat()
        lstat(path, &status)
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    deinit {
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { unlink(path) }
    }
}
