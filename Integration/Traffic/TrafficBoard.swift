import LoadBalancing
import Synchronization

/// What the scenario's thread and the traffic's tell each other.
final class TrafficBoard: Sendable {
    /// What the scenario wants.
    struct Orders: Sendable {
        /// Counts the changes of these orders.
        fileprivate(set) var serial = 0
        var phase = 0
        /// Between two new connections of one family; `nil` for none.
        var interval: Duration?
        /// How many milliseconds new connections are held for; `nil` for those that end with their first answer.
        var hold: ClosedRange<Int>?
        /// Long-lived connections of each family, to be opened once.
        var longConnections = 0
        var closesLongConnections = false
        /// Whether long-lived connections put questions.
        var asks = true
    }

    private struct State {
        var orders = Orders()
        var report = TrafficReport()
        /// The orders that the traffic's last step has followed, and what it is waiting for.
        var serial = 0
        var waiting = 0
        var failure: ScenarioFailure?
    }

    private let state = Mutex(State())

    // MARK: - The scenario's side

    var report: TrafficReport { state.withLock(\.report) }

    func order(_ change: (inout Orders) -> Void) {
        state.withLock {
            change(&$0.orders)
            $0.orders.serial += 1
            while $0.report.phases.count <= $0.orders.phase { $0.report.phases.append([:]) }
        }
    }

    /// Whether the orders are followed and nothing is waited for any more.
    var isQuiet: Bool { state.withLock { $0.serial == $0.orders.serial && $0.waiting == 0 } }

    /// Fails if the traffic's thread has.
    func check() throws(ScenarioFailure) {
        if let failure = state.withLock(\.failure) { throw failure }
    }

    // MARK: - The traffic's side

    var orders: Orders { state.withLock(\.orders) }

    func update(_ family: AddressFamily, phase: Int, _ change: (inout NewConnections) -> Void) {
        state.withLock { change(&$0.report.phases[phase][family, default: NewConnections()]) }
    }

    /// - Returns: Its number.
    func add(_ connection: LongConnection) -> Int {
        state.withLock {
            $0.report.longConnections.append(connection)
            return $0.report.longConnections.count - 1
        }
    }

    func updateLongConnection(_ number: Int, _ change: (inout LongConnection) -> Void) {
        state.withLock { change(&$0.report.longConnections[number]) }
    }

    func finishStep(following orders: Orders, waiting: Int) {
        state.withLock {
            $0.serial = orders.serial
            $0.waiting = waiting
        }
    }

    func fail(_ failure: ScenarioFailure) { state.withLock { $0.failure = failure } }
}
