internal import CSystem
internal import Glibc
package import HealthChecks
internal import Synchronization

/// Where orders by hand wait for the agent's loop, and those who gave them for what has become of them.
package final class OverrideDesk: Sendable {
    /// What has become of an order.
    package enum Answer: Sendable {
        case done(OverrideOutcome)
        /// It is followed, and not kept over a restart: why.
        case unkept(OverrideOutcome, String)
        case refused(OverrideRefusal)
        /// The loop has not come to it in time: nothing was changed.
        case late
        /// The agent has begun to follow it, and has not said whether it can.
        case unknown
    }

    private let orders = Inbox<OverrideTicket>()
    /// How long an order waits for the loop, and then for the disk.
    private let patience: Duration

    package init(patience: Duration = .seconds(5)) { self.patience = patience }

    /// Readable while an order waits.
    package var descriptor: Int32 { orders.descriptor }

    /// The orders that wait, for the loop to follow.
    package func take() -> [OverrideTicket] { orders.take().filter { $0.begin() } }

    /// Hands in an order and waits for what becomes of it.
    package func ask(_ order: OverrideOrder, by author: Override.Author) -> Answer {
        let ticket = OverrideTicket(order, author)
        orders.put(ticket)
        if let answer = ticket.wait(patience) { return answer }
        if ticket.giveUp() { return .late }
        // The loop has it: it is followed, and the disk may take longer.
        return ticket.wait(patience) ?? ticket.unanswered
    }
}

/// An order on its way.
package final class OverrideTicket: Sendable {
    private struct State {
        var isBegun = false
        var isGivenUp = false
        var outcome: OverrideOutcome?
        var answer: OverrideDesk.Answer?
    }

    package let order: OverrideOrder
    package let author: Override.Author
    private let state = Mutex(State())
    private let descriptor: Int32

    fileprivate init(_ order: OverrideOrder, _ author: Override.Author) {
        self.order = order
        self.author = author
        descriptor = eventfd(0, Int32(EFD_CLOEXEC))
    }

    deinit { close(descriptor) }

    /// Tells what was done, before it is kept.
    package func note(_ outcome: OverrideOutcome) { state.withLock { $0.outcome = outcome } }

    package func answer(_ answer: OverrideDesk.Answer) {
        state.withLock { $0.answer = answer }
        eventfd_write(descriptor, 1)
    }

    /// Whether somebody still waits for it.
    fileprivate func begin() -> Bool {
        state.withLock { state in
            state.isBegun = !state.isGivenUp
            return state.isBegun
        }
    }

    /// Whether the loop has not begun it: then it never will.
    fileprivate func giveUp() -> Bool {
        state.withLock { state in
            state.isGivenUp = !state.isBegun
            return state.isGivenUp
        }
    }

    fileprivate func wait(_ patience: Duration) -> OverrideDesk.Answer? {
        let end = ContinuousClock.now + patience
        while true {
            if let answer = state.withLock(\.answer) { return answer }
            let rest = ContinuousClock.now.duration(to: end) / .milliseconds(1)
            guard rest > 0 else { return nil }
            var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&polled, 1, Int32(rest.rounded(.up)))
        }
    }

    /// What can be said while the disk takes its time.
    fileprivate var unanswered: OverrideDesk.Answer {
        state.withLock { state in
            state.answer ?? state.outcome.map { .unkept($0, "the disk does not answer") } ?? .unknown
        }
    }
}
