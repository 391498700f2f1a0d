internal import HTTPService
internal import Logging
internal import Synchronization
internal import Telemetry

/// Tells which health check ports are not served: in the log, once for each, and on the board.
final class HealthCheckReport: Sendable {
    private struct State {
        var counts: [UInt16: HealthCheckCount] = [:]
        /// Those that there are descriptors for.
        var chosen: Set<UInt16> = []
        var problems: [PortProblem] = []
        /// What was logged.
        var told: Set<String> = []
    }

    private let state = Mutex(State())
    private let board: StatusBoard
    private let limit: Int
    private let log: Logger

    /// One tenant can declare thousands of ports.
    private static let lines = 20

    /// - Parameter limit: How many files the process may have open.
    init(_ board: StatusBoard, limit: Int, log: Logger) {
        self.board = board
        self.limit = limit
        self.log = log
    }

    /// Takes the declared ports, and those of them that are to be served.
    func use(_ counts: [UInt16: HealthCheckCount], _ chosen: Set<UInt16>) {
        state.withLock { state in
            state.counts = counts
            state.chosen = chosen
            state.problems.removeAll { !chosen.contains($0.port) }
            tell(&state)
        }
    }

    /// Takes what cannot be listened on, from the server's thread.
    func add(_ problems: [PortProblem]) {
        state.withLock { state in
            state.problems = problems.filter { state.chosen.contains($0.port) }
            tell(&state)
        }
    }

    private func tell(_ state: inout State) {
        func text(_ port: UInt16, _ reason: String) -> String {
            let name = state.counts[port].map { "\($0.namespace)/\($0.name)" } ?? "no Service"
            return "port \(port) of \(name): \(reason)"
        }
        let left =
            state.counts.count > state.chosen.count ? state.counts.keys.filter { !state.chosen.contains($0) } : []
        let reason = "too many health check ports for \(limit) open files; raise LimitNOFILE= of the service"
        let unserved = left.sorted().map { text($0, reason) } + state.problems.map { text($0.port, $0.description) }
        let news = unserved.filter { !state.told.contains($0) }
        for line in news.prefix(Self.lines) {
            log.warning("health check port is not served", metadata: ["detail": "\(line)"])
        }
        if news.count > Self.lines {
            log.warning("more health check ports are not served", metadata: ["count": "\(news.count - Self.lines)"])
        }
        state.told = Set(unserved)
        let ports = HealthCheckPorts(
            served: state.chosen.count - Set(state.problems.map(\.port)).count, unserved: unserved)
        board.update { $0.healthCheckPorts = ports }
    }
}
