import Glibc
import Synchronization

/// A thread of the scenario's process. It ends when nobody holds this object any more.
final class Worker: Sendable {
    private let body: Body
    private let thread: pthread_t

    private final class Body: Sendable {
        let isWanted = Atomic<Bool>(true)
        let run: @Sendable (_ isWanted: () -> Bool) -> Void

        init(_ run: @escaping @Sendable (_ isWanted: () -> Bool) -> Void) { self.run = run }
    }

    /// - Parameter run: What the thread does; it has to return soon after it is wanted no more.
    init(_ run: @escaping @Sendable (_ isWanted: () -> Bool) -> Void) throws(ScenarioFailure) {
        body = Body(run)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(body)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                body.run { body.isWanted.load(ordering: .relaxed) }
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw SystemCall.failure("pthread_create", code)
        }
        self.thread = thread
    }

    deinit {
        body.isWanted.store(false, ordering: .relaxed)
        pthread_join(thread, nil)
    }
}
