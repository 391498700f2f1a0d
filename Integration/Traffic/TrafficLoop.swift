import Glibc
import LoadBalancing

/// The traffic's one thread: opens connections when they are due, and takes them as far as they go.
final class TrafficLoop {
    private let sources: [SocketAddress]
    private let targets: [SocketAddress]
    private let board: TrafficBoard
    private let start: ContinuousClock.Instant
    private var short: [Probe] = []
    private var long: [Probe] = []
    /// Short ones that have their answer, while it is open whether what they sent again was lost.
    private var settling: [(probe: Probe, server: String)] = []
    private var nextNew: ContinuousClock.Instant?
    private var hasOpenedLong = false
    /// One for each connection, never used again. The kernel's table goes on holding a connection for a while after its
    /// end, and would take a new one with the same port for it.
    private var nextPort: UInt16 = 10_000

    /// Between two questions of a long-lived connection.
    private static let pause = Duration.milliseconds(100)
    /// For so long a packet that was sent again may turn out not to have been lost.
    private static let verdict = Duration.seconds(5)
    /// What is late by more than this is left out, lest it come in one burst.
    private static let patience = Duration.milliseconds(500)

    init(
        from sources: [SocketAddress], to targets: [SocketAddress], _ board: TrafficBoard,
        start: ContinuousClock.Instant
    ) {
        self.sources = sources
        self.targets = targets
        self.board = board
        self.start = start
    }

    func step() throws(ScenarioFailure) {
        let orders = board.orders
        if orders.longConnections > 0, !hasOpenedLong { try openLong(orders.longConnections) }
        try openNew(orders)
        if orders.closesLongConnections { closeLong() }
        if orders.asks { ask() }
        for probe in short { probe.askIfHeldLongEnough(.now) }
        let readiness = wait()
        settleShort(readiness[..<short.count])
        settleLong(readiness[short.count...])
        countSettled()
        board.finishStep(
            following: orders, waiting: short.count + settling.count + long.count { $0.waitingSince != nil })
    }

    // MARK: - Beginnings

    private func openLong(_ count: Int) throws(ScenarioFailure) {
        hasOpenedLong = true
        for index in 0..<count {
            for target in targets {
                let number = board.add(LongConnection(family: target.family))
                long.append(try probe(target, index: index, number: number))
            }
        }
    }

    private func openNew(_ orders: TrafficBoard.Orders) throws(ScenarioFailure) {
        guard let interval = orders.interval else {
            nextNew = nil
            return
        }
        let now = ContinuousClock.now
        var next = nextNew ?? now
        if now - next > Self.patience { next = now }
        while next <= now {
            for target in targets {
                board.update(target.family, phase: orders.phase) { $0.attempted += 1 }
                let hold = orders.hold.map { Duration.milliseconds(Int.random(in: $0)) }
                short.append(try probe(target, index: Int(nextPort) / targets.count, number: orders.phase, hold: hold))
            }
            next += interval
        }
        nextNew = next
    }

    /// A connection from one of the client's addresses, taken in turn by the index.
    private func probe(
        _ target: SocketAddress, index: Int, number: Int, hold: Duration? = nil
    ) throws(ScenarioFailure) -> Probe {
        let candidates = sources.filter { $0.family == target.family }
        let source = candidates[index % candidates.count].with(port: nextPort)
        nextPort += 1
        return try Probe(from: source, to: target, number: number, hold: hold, start: start)
    }

    private func ask() {
        let now = ContinuousClock.now
        for probe in long where probe.waitingSince == nil && probe.answeredAt + Self.pause <= now { probe.ask() }
    }

    private func closeLong() {
        long.removeAll { probe in
            guard probe.waitingSince == nil else { return false }
            board.updateLongConnection(probe.number) { $0.close() }
            return true
        }
    }

    // MARK: - Events

    /// Waits a little for anything to happen.
    ///
    /// - Returns: Whether anything did, for the short and then for the long-lived connections.
    private func wait() -> [Bool] {
        var descriptors = (short + long).map(\.descriptor)
        _ = poll(&descriptors, nfds_t(descriptors.count), 10)
        return descriptors.map { $0.revents != 0 }
    }

    private func settleShort(_ readiness: ArraySlice<Bool>) {
        var remaining: [Probe] = []
        for (probe, isReady) in zip(short, readiness) {
            switch probe.proceed(isReady: isReady) {
            case nil: remaining.append(probe)
            case .answered where probe.isHeld: remaining.append(probe)
            case .answered(let server): settling.append((probe, server))
            case .failed(let failure):
                board.update(probe.source.family, phase: probe.number) { $0.count(failure) }
            }
        }
        short = remaining
    }

    private func countSettled() {
        settling.removeAll { probe, server in
            let lost = probe.lostCount
            guard lost == 0 || ContinuousClock.now - probe.answeredAt > Self.verdict else { return false }
            board.update(probe.source.family, phase: probe.number) {
                $0.countAnswer(of: server, to: probe.source.host, lost: lost)
            }
            return true
        }
    }

    private func settleLong(_ readiness: ArraySlice<Bool>) {
        var remaining: [Probe] = []
        for (probe, isReady) in zip(long, readiness) {
            switch probe.proceed(isReady: isReady) {
            case nil: remaining.append(probe)
            case .answered(let server):
                board.updateLongConnection(probe.number) { $0.countAnswer(of: server) }
                remaining.append(probe)
            case .failed(let failure):
                board.updateLongConnection(probe.number) { $0.fail(failure) }
            }
        }
        long = remaining
    }
}
