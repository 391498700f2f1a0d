internal import CSystem
internal import Glibc
internal import Synchronization

/// A thread that works out one answer at a time, of those that take long.
///
/// Whoever gives it up does not wait for it: it ends after the answer that it is at.
final class SlowAnswers: Sendable {
    private let desk: Desk

    /// - Parameters:
    ///   - wake: Called by the thread when an answer is there.
    ///   - place: Named by errors.
    init(
        at place: String, wake: @escaping @Sendable () -> Void, handler: @escaping HTTPServer.Handler
    ) throws(HTTPServiceError) {
        let desk = try Desk(at: place)
        self.desk = desk
        try ServerThread("http slow", at: place) {
            while let request = desk.next() {
                desk.finish(handler(request))
                wake()
            }
        }.detach()
    }

    deinit { desk.stop() }

    /// Has an answer worked out; only when the one before has been taken.
    func begin(_ request: HTTPRequest) { desk.put(request) }

    /// The answer, once it is there.
    func takeFinished() -> HTTPResponse? { desk.takeFinished() }

    /// Where requests and answers lie.
    private final class Desk: Sendable {
        private struct Content {
            var isStopped = false
            var request: HTTPRequest?
            var response: HTTPResponse?
        }

        private let content = Mutex(Content())
        /// Read by the thread, which waits for it.
        private let descriptor: Int32

        init(at place: String) throws(HTTPServiceError) {
            descriptor = eventfd(0, Int32(EFD_CLOEXEC))
            guard descriptor >= 0 else { throw HTTPServiceError(.listening(errno), at: place) }
        }

        deinit { close(descriptor) }

        func put(_ request: HTTPRequest) {
            content.withLock { $0.request = request }
            eventfd_write(descriptor, 1)
        }

        func stop() {
            content.withLock { $0.isStopped = true }
            eventfd_write(descriptor, 1)
        }

        /// Waits for a request; `nil` at the end.
        func next() -> HTTPRequest? {
            while true {
                let (isStopped, request) = content.withLock { content in
                    defer { content.request = nil }
                    return (content.isStopped, content.request)
                }
                if isStopped { return nil }
                if let request { return request }
                var count: eventfd_t = 0
                eventfd_read(descriptor, &count)
            }
        }

        func finish(_ response: HTTPResponse) { content.withLock { $0.response = response } }

        func takeFinished() -> HTTPResponse? {
            content.withLock { content in
                defer { content.response = nil }
                return content.response
            }
        }
    }
}
