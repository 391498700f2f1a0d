import Glibc

/// A connection of the client under way: it connects, puts a question, and reads the answer; and again when it is held.
final class Probe {
    enum Event {
        case answered(by: String)
        case failed(TrafficFailure)
    }

    let source: SocketAddress
    /// What the connection is for: a phase, or the number of a long-lived connection.
    let number: Int
    /// For how long it stays open after its first answer, to put another question then; `nil` for not at all.
    let hold: Duration?
    private(set) var answers = 0
    private let socket: TrafficSocket
    private let start: ContinuousClock.Instant
    private var isConnected = false
    /// How often the first packet was sent again while this process, and so perhaps the other side, was not running:
    /// nobody tells of those that come twice.
    private var lateFirstPackets = 0
    private var line: [UInt8] = []
    private var code: Int32
    /// Since when it waits for the connection or the answer; `nil` when it has its answer.
    private(set) var waitingSince: ContinuousClock.Instant?
    /// For how long it has waited while the machine was running, and when it was last looked after.
    private var waited = Duration.zero
    private var lastLook = ContinuousClock.now
    /// When the last answer came.
    private(set) var answeredAt: ContinuousClock.Instant

    /// The question and its answer may take that long: the kernel sends a lost first packet again after 1 s.
    private static let timeLimit = Duration.seconds(3)
    /// After so long the kernel sends a first packet again.
    private static let timeToFirstRepeat = Duration.seconds(1)
    /// Between two looks no more time than this counts: a machine that is busy, or stood still, has not been silent.
    private static let longestLook = Duration.milliseconds(10)

    /// - Parameter start: When the traffic began.
    init(
        from source: SocketAddress, to target: SocketAddress, number: Int, hold: Duration? = nil,
        start: ContinuousClock.Instant
    ) throws(ScenarioFailure) {
        self.hold = hold
        self.source = source
        self.number = number
        self.start = start
        socket = try TrafficSocket(boundTo: source)
        answeredAt = start
        waitingSince = .now
        code = socket.connect(to: target)
    }

    /// How many packets of this side were lost, as far as is known.
    var lostCount: Int { socket.lostCount - lateFirstPackets }

    /// Whether another question is to follow.
    var isHeld: Bool { hold != nil && answers == 1 }

    /// Puts the last question of a connection that has been held for long enough.
    func askIfHeldLongEnough(_ now: ContinuousClock.Instant) {
        if isHeld, waitingSince == nil, let hold, answeredAt + hold <= now { ask() }
    }

    /// What `poll` is to wait for.
    var descriptor: pollfd {
        pollfd(fd: socket.descriptor, events: Int16(isConnected ? POLLIN : POLLOUT), revents: 0)
    }

    /// Puts the next question; the last one has been answered.
    func ask() {
        waitingSince = .now
        (waited, lastLook) = (.zero, .now)
        code = socket.send([UInt8(ascii: "?")])
    }

    /// Goes as far as it can without waiting.
    ///
    /// - Parameter isReady: Whether `poll` has found anything.
    func proceed(isReady: Bool) -> Event? {
        if code != 0 { return failed(code) }
        if isReady {
            guard isConnected else { return takeConnection() }
            if let event = takeInput() { return event }
        }
        let now = ContinuousClock.now
        waited += min(now - lastLook, Self.longestLook)
        lastLook = now
        return waitingSince != nil && waited > Self.timeLimit ? failed(ETIMEDOUT) : nil
    }

    private func takeConnection() -> Event? {
        let error = socket.takeError()
        guard error == 0 else { return failed(error) }
        isConnected = true
        if waited < Self.timeToFirstRepeat / 2 { lateFirstPackets = socket.lostCount }
        code = socket.send([UInt8(ascii: "?")])
        return nil
    }

    private func takeInput() -> Event? {
        switch socket.read() {
        case .nothing: return nil
        case .end: return failed(0)
        case .failure(let code): return failed(code)
        case .bytes(let bytes):
            line += bytes
            guard line.last == UInt8(ascii: "\n") else { return nil }
            let server = String(decoding: line.dropLast(), as: UTF8.self)
            line = []
            waitingSince = nil
            answeredAt = .now
            answers += 1
            return .answered(by: server)
        }
    }

    private func failed(_ code: Int32) -> Event {
        .failed(
            TrafficFailure(
                source: source.host, action: isConnected ? .answer : .connect, code: code,
                time: (waitingSince ?? .now) - start))
    }
}
