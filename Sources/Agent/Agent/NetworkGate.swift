internal import CSystem
internal import Glibc
package import LoadBalancing
internal import Synchronization

/// What the table waits for before it changes everything: the settings and rules that come before virtual servers.
///
/// The wait has a limit, since whatever holds up the network must not hold up the table.
package final class NetworkGate: SyncCompanion, Sendable {
    /// How long the table waits at most.
    package let limit: Duration

    private let isOpen = Mutex(false)
    /// What takes addresses while the table is being programmed. The network sets it before it opens the gate, and leaves
    /// it alone until the table has done everything.
    nonisolated(unsafe) var follower: AddressFollower?
    /// Becomes readable, and stays so, when the gate opens.
    private let descriptor: Int32

    package init(limit: Duration) {
        self.limit = limit
        descriptor = eventfd(0, Int32(EFD_CLOEXEC))
    }

    deinit { close(descriptor) }

    /// Whether the table may go on.
    package var isPassable: Bool { isOpen.withLock(\.self) }

    /// Lets the table go on.
    package func open() {
        isOpen.withLock { $0 = true }
        eventfd_write(descriptor, 1)
    }

    package func awaitReadiness() {
        guard !isOpen.withLock(\.self), descriptor >= 0 else { return }
        let end = ContinuousClock.now + limit
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let wait = end - .now
            guard wait > .zero, poll(&polled, 1, Int32(wait / .milliseconds(1)) + 1) < 0, errno == EINTR else { return }
        }
    }

    package func follow(_ addresses: [IPAddress]) {
        if isOpen.withLock(\.self) { follower?.add(addresses) }
    }
}
