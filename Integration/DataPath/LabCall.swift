import Glibc
import LoadBalancing

/// A client's socket, and what it waits for.
final class LabCall {
    private let socket: TrafficSocket
    private var isConnecting: Bool
    private var code: Int32
    private var line: [UInt8] = []
    private var lastLook: ContinuousClock.Instant
    private var waited = Duration.zero
    private let patience: Duration

    /// Between two looks no more time than this counts: a machine that is busy, or stood still, has not been silent.
    private static let longestLook = Duration.milliseconds(10)

    /// How long a client waits. TCP sends a lost first packet again after 1 s: that would hide it.
    static let patience = Duration.milliseconds(700)

    /// Opens a socket in the calling thread's namespace and begins.
    init(_ question: LabQuestion, patience: Duration = LabCall.patience) throws(ScenarioFailure) {
        if let source = question.source {
            socket = try TrafficSocket(question.transport, boundTo: source)
        } else {
            socket = try TrafficSocket(question.transport, question.target.family)
        }
        self.patience = patience
        lastLook = .now
        isConnecting = question.transport != .udp
        code = socket.connect(to: question.target)
        if code == 0, !isConnecting { code = socket.send([UInt8(ascii: "?")]) }
    }

    /// What `poll` is to wait for.
    var descriptor: pollfd {
        pollfd(fd: socket.descriptor, events: Int16(isConnecting ? POLLOUT : POLLIN), revents: 0)
    }

    /// The client's address and port.
    var source: SocketAddress? { get throws(ScenarioFailure) { try socket.name } }

    /// Asks once more on the same connection.
    func askAgain() {
        (waited, lastLook) = (.zero, .now)
        code = socket.send([UInt8(ascii: "?")])
    }

    /// Goes as far as it can without waiting.
    ///
    /// - Returns: The outcome, once there is one.
    func proceed() -> LabOutcome? {
        if code != 0 { return LabOutcome(code: code) }
        if isConnecting, !takeConnection() { return ending }
        switch socket.read() {
        case .nothing: return ending
        case .end: return .refused
        case .failure(let code): return LabOutcome(code: code)
        case .bytes(let bytes):
            line += bytes
            guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else { return ending }
            defer { line.removeSubrange(...end) }
            return LabOutcome(line: line[..<end])
        }
    }

    /// Waits for the outcome.
    func wait() -> LabOutcome {
        while true {
            if let outcome = proceed() { return outcome }
            var descriptors = [descriptor]
            _ = poll(&descriptors, 1, 10)
        }
    }

    private var ending: LabOutcome? {
        if code != 0 { return LabOutcome(code: code) }
        let now = ContinuousClock.now
        waited += min(now - lastLook, Self.longestLook)
        lastLook = now
        return waited > patience ? .silent : nil
    }

    private func takeConnection() -> Bool {
        var descriptors = [descriptor]
        guard poll(&descriptors, 1, 0) > 0 else { return false }
        code = socket.takeError()
        guard code == 0 else { return false }
        isConnecting = false
        code = socket.send([UInt8(ascii: "?")])
        return code == 0
    }
}
