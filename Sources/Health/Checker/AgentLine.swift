internal import HealthChecks

/// The socket to the agent, as the checker sees it. What the agent does not take in time is kept for a while.
final class AgentLine {
    private let socket: MessageSocket
    private var reports: ArraySlice<CheckerMessage.Report> = []
    /// When the reports are sent; `nil` while there are none.
    private(set) var deadline: ContinuousClock.Instant?

    /// How long a result that is no news waits for others, so that they go together.
    private static let delay = Duration.milliseconds(50)
    /// Reports in a packet.
    private static let reportsAtOnce = 256
    /// Reports that wait while the agent takes none; then the oldest go.
    private static let mostReports = 65_536

    init(_ socket: MessageSocket) { self.socket = socket }

    var descriptor: Int32 { socket.descriptor }

    func receive() -> MessageSocket.Received { socket.receive() }

    /// Sends a message; `false` if the socket is full.
    @discardableResult
    func send(_ message: CheckerMessage) -> Bool { socket.send(message) }

    /// Takes a result; one that is news goes at once.
    func report(_ report: CheckerMessage.Report, isNews: Bool) {
        if reports.count >= Self.mostReports { reports.removeFirst(Self.reportsAtOnce) }
        reports.append(report)
        let due = isNews ? ContinuousClock.now : deadline ?? .now + Self.delay
        deadline = min(due, deadline ?? due)
    }

    /// Sends the results whose time has come.
    func flush(now: ContinuousClock.Instant) {
        guard let deadline, deadline <= now || reports.count >= Self.reportsAtOnce else { return }
        while !reports.isEmpty {
            let part = reports.prefix(Self.reportsAtOnce)
            guard send(.results(Array(part))) else {
                self.deadline = now + Self.delay
                return
            }
            reports.removeFirst(part.count)
        }
        self.deadline = nil
    }
}
