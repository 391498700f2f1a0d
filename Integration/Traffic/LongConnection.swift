import LoadBalancing

/// What became of a long-lived connection, which puts a question 100 ms after each answer.
struct LongConnection: Sendable {
    enum State: Sendable {
        case opening
        case open
        /// Ended by the scenario.
        case closed
        case broken(TrafficFailure)
    }

    let family: AddressFamily
    /// The server that answers.
    private(set) var server: String?
    private(set) var answers = 0
    private(set) var state = State.opening

    init(family: AddressFamily) { self.family = family }

    /// How it broke, if it did.
    var failure: TrafficFailure? {
        guard case .broken(let failure) = state else { return nil }
        return failure
    }

    var isOpening: Bool {
        guard case .opening = state else { return false }
        return true
    }

    var isOpen: Bool {
        guard case .open = state else { return false }
        return true
    }

    mutating func countAnswer(of server: String) {
        self.server = server
        answers += 1
        state = .open
    }

    mutating func close() { state = .closed }

    mutating func fail(_ failure: TrafficFailure) { state = .broken(failure) }
}
