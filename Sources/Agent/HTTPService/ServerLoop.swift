internal import CSystem
internal import Glibc

/// A server's thread: accepts, reads, answers and sends, and waits for nobody.
///
/// A connection has one place at a time: among those whose request comes, those whose answer takes long, or those that
/// are slow to take a short one. So none of the three can keep the others out.
final class ServerLoop {
    /// Who answers.
    struct Answering {
        let handler: HTTPServer.Handler
        let slowKey: HTTPServer.SlowKey
        /// Without it everything is answered at once.
        let worker: SlowAnswers?
    }

    let limits: HTTPServer.Limits
    let answering: Answering
    let listeners: PortListeners
    private let mailbox: ServerMailbox
    let figures: HTTPFigures
    private let tellProblems: ([PortProblem]) -> Void
    let poll: Int32
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 10, alignment: 1)

    var connections: [Places.Identifier: Connection] = [:]
    var nextIdentifier = ServerLoop.firstConnection
    var arriving: Places
    var leaving: Places
    var slow: Places
    /// What the worker is at.
    var work: UInt64?
    var lastWork: UInt64 = 0
    /// When each client that waits was last given an answer that takes long.
    var lastServed: [ClientIdentity: UInt64] = [:]

    private var wanted: Set<UInt16> = []
    private var told: [PortProblem] = []
    private var isOpening = false
    private var retryTime: ContinuousClock.Instant?
    /// How many places were given since then.
    var placed = 0
    var placedSince = ContinuousClock.now
    /// When connections are accepted again; `nil` while they are.
    var acceptTime: ContinuousClock.Instant?

    /// What `epoll` calls the others than connections.
    static let listenersEvent: UInt64 = 0
    private static let mailboxEvent: UInt64 = 1
    private static let firstConnection: UInt64 = 2
    private static let eventsAtOnce = 256
    private static let portsAtOnce = 64
    private static let retryDelay = Duration.seconds(5)
    static let breath = Duration.milliseconds(5)
    static let shortageDelay = Duration.milliseconds(100)

    init(
        _ listeners: PortListeners, _ limits: HTTPServer.Limits, _ mailbox: ServerMailbox, _ figures: HTTPFigures,
        at place: String, answering: Answering, problems: @escaping @Sendable ([PortProblem]) -> Void
    ) throws(HTTPServiceError) {
        self.listeners = listeners
        self.limits = limits
        self.mailbox = mailbox
        self.figures = figures
        self.answering = answering
        tellProblems = problems
        arriving = Places(limit: limits.places, share: limits.share)
        leaving = Places(limit: limits.leavingPlaces, share: limits.leavingPlaces / 2)
        slow = Places(limit: limits.slowPlaces, share: limits.slowPlaces / 2)
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw HTTPServiceError(.listening(errno), at: place) }
        guard watch(listeners.descriptor, Self.listenersEvent),
            watch(mailbox.descriptor, Self.mailboxEvent)
        else { throw HTTPServiceError(.listening(errno), at: place) }
    }

    deinit {
        close(poll)
        buffer.deallocate()
    }

    /// Serves until the mailbox says otherwise.
    func run() {
        var events = [epoll_event](repeating: epoll_event(), count: Self.eventsAtOnce)
        while true {
            let count = epoll_wait(poll, &events, Int32(events.count), patience)
            for event in events.prefix(Int(max(0, count))) {
                switch event.data.u64 {
                case Self.listenersEvent: accept()
                case Self.mailboxEvent: if takeMail() { return end() }
                case let identifier:
                    if let connection = connections[identifier] { takeNews(of: connection, event.events) }
                }
            }
            openPorts()
            endLate()
            acceptAgain()
            workOnSlowAnswers()
        }
    }

    private func end() {
        let open = connections.count
        connections = [:]
        figures.count { $0.open -= open }
    }

    /// Milliseconds until something is due; -1 for nothing.
    private var patience: Int32 {
        if isOpening { return 0 }
        let due = [
            acceptTime, retryTime, deadline(of: arriving.oldest(), limits.requestTimeout),
            deadline(of: leaving.oldest(), limits.answerTimeout), deadline(of: slow.oldest(), limits.answerTimeout),
        ]
        guard let next = due.compactMap(\.self).min() else { return -1 }
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: next).components
        return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }

    // MARK: Ports

    /// Whether it is the end.
    private func takeMail() -> Bool {
        let content = mailbox.take()
        if let ports = content.ports {
            listeners.want(ports)
            isOpening = true
            wanted = ports
        }
        return content.isStopped
    }

    private func openPorts() {
        if let retryTime, retryTime <= .now {
            listeners.want(wanted)
            isOpening = true
        }
        guard isOpening else { return }
        isOpening = listeners.openMissing(atMost: Self.portsAtOnce)
        guard !isOpening else { return }
        let problems = listeners.problems
        retryTime = problems.isEmpty ? nil : .now + Self.retryDelay
        if problems != told { tellProblems(problems) }
        told = problems
    }

    // MARK: Deadlines

    func deadline(of identifier: Places.Identifier?, _ timeout: Duration) -> ContinuousClock.Instant? {
        identifier.flatMap { connections[$0] }.map { $0.since + timeout }
    }

    private func endLate() {
        let now = ContinuousClock.now
        while let identifier = late(arriving.oldest(), limits.requestTimeout, now)
            ?? late(leaving.oldest(), limits.answerTimeout, now) ?? late(slow.oldest(), limits.answerTimeout, now)
        {
            end(identifier, .late)
        }
    }

    private func late(
        _ identifier: Places.Identifier?, _ timeout: Duration, _ now: ContinuousClock.Instant
    ) -> Places.Identifier? {
        deadline(of: identifier, timeout).map { $0 <= now } ?? false ? identifier : nil
    }
}
