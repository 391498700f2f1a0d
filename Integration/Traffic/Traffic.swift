import Glibc

/// A client that opens new connections at a steady rate and keeps long-lived ones, and counts what becomes of them.
final class Traffic {
    /// When it began; the times of failures count from here.
    let start = ContinuousClock.now
    private let board = TrafficBoard()
    private let worker: Worker
    private let targetCount: Int

    /// - Parameters:
    ///   - sources: The client's addresses, taken in turn; each target has to have one of its family.
    ///   - targets: Where connections are opened to, as many to each.
    init(
        from sources: [String], to targets: [SocketAddress], in namespace: PrivateNamespace
    ) throws(ScenarioFailure) {
        let sources = try sources.map { (host) throws(ScenarioFailure) in try SocketAddress(host, port: 0) }
        for target in targets {
            try expect(sources.contains { $0.family == target.family }, "no \(target.family) address to connect from")
        }
        targetCount = targets.count
        let (board, start) = (board, start)
        worker = try Worker { isWanted in
            do throws(ScenarioFailure) {
                try namespace.enter()
                let loop = TrafficLoop(from: sources, to: targets, board, start: start)
                while isWanted() { try loop.step() }
            } catch {
                board.fail(error)
            }
        }
    }

    var report: TrafficReport { board.report }

    /// Opens long-lived connections to each target, and waits until all of them have been answered.
    func openLongConnections(_ count: Int) throws(ScenarioFailure) {
        board.order { $0.longConnections = count }
        try wait("long-lived connections opened") {
            let opened = board.report.longConnections
            return opened.count == count * targetCount && !opened.contains(where: \.isOpening)
        }
        let failures = report.brokenConnections.compactMap(\.failure).map { "\n  \($0)" }.joined()
        try expect(failures.isEmpty, "long-lived connections could not be opened:\(failures)\n\(report)")
    }

    /// Begins to open new connections, so many a second to each target.
    ///
    /// - Parameter hold: How many milliseconds each of them stays open; `nil` for those that end with their first answer.
    func openNewConnections(perSecond rate: Int, hold: ClosedRange<Int>? = nil) {
        board.order {
            $0.interval = .seconds(1) / rate
            $0.hold = hold
        }
    }

    /// Counts new connections under the next phase from now on.
    func beginPhase() {
        board.order { $0.phase += 1 }
    }

    /// Waits until so many new connections to each target, begun in the present phase, have been answered.
    func waitForAnswers(_ count: Int) throws(ScenarioFailure) {
        try wait("\(count) new connections to each target answered") {
            let families = board.report.phases.last ?? [:]
            return families.count > 0 && families.values.reduce(0) { $0 + $1.succeeded } >= count * targetCount
                && families.values.allSatisfy { $0.succeeded >= count }
        }
    }

    /// Waits until every new connection that was begun before the present phase has been answered, or has failed.
    func waitForEarlierPhases() throws(ScenarioFailure) {
        try wait("earlier connections settled") {
            board.report.phases.dropLast().allSatisfy { families in
                families.values.allSatisfy { $0.attempted == $0.succeeded + $0.failures.count }
            }
        }
    }

    /// Waits until so many new connections, begun in the present phase, have failed.
    func waitForFailures(_ count: Int) throws(ScenarioFailure) {
        try wait("\(count) new connections failed") {
            (board.report.phases.last ?? [:]).values.reduce(0) { $0 + $1.failures.count } >= count
        }
    }

    /// Waits until all long-lived connections of some servers have broken.
    func waitForCuts(of servers: Set<String>) throws(ScenarioFailure) {
        try wait("the connections of \(servers.sorted()) cut") {
            board.report.longConnections.allSatisfy { !servers.contains($0.server ?? "") || $0.failure != nil }
        }
    }

    /// Closes the long-lived connections, each when it has its answer.
    func closeLongConnections() throws(ScenarioFailure) {
        board.order { $0.closesLongConnections = true }
        try wait("long-lived connections closed") {
            !board.report.longConnections.contains(where: \.isOpen)
        }
    }

    /// Opens no more, waits for every answer that is due, and tells how everything went.
    func finish() throws(ScenarioFailure) -> TrafficReport {
        board.order {
            $0.interval = nil
            $0.asks = false
        }
        try wait("traffic ended") { board.isQuiet }
        StandardStream.output.writeLine(report.description)
        return report
    }

    private func wait(
        _ subject: String, _ condition: () -> Bool
    ) throws(ScenarioFailure) {
        let deadline = ContinuousClock.now + Patience.step
        while !condition() {
            try board.check()
            guard .now < deadline else { throw ScenarioFailure("not in time: \(subject)\n\(report)") }
            usleep(5000)
        }
    }
}
