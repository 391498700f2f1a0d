internal import CSystem
internal import Glibc
internal import Synchronization

/// What others want of a server's thread.
final class ServerMailbox: Sendable {
    struct Content {
        var isStopped = false
        /// The ports to listen on, when they are others than before.
        var ports: Set<UInt16>?
    }

    /// Can be read when there is something new.
    let descriptor: Int32
    private let content = Mutex(Content())

    init(at place: String) throws(HTTPServiceError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { throw HTTPServiceError(.listening(errno), at: place) }
    }

    deinit { close(descriptor) }

    func stop() {
        content.withLock { $0.isStopped = true }
        wake()
    }

    func want(_ ports: Set<UInt16>) {
        content.withLock { $0.ports = ports }
        wake()
    }

    func wake() { eventfd_write(descriptor, 1) }

    /// What has come since the last time.
    func take() -> Content {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
        return content.withLock { content in
            defer { content.ports = nil }
            return content
        }
    }
}
