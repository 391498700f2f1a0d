internal import Glibc

/// A piece of work on a thread of its own. Whoever lets go of this object waits for the work first.
final class BackgroundWork {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private var thread: pthread_t?

    /// Begins; where no thread is to be had, the work is done at once.
    init(_ work: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(work))
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        if code == 0 {
            self.thread = thread
        } else {
            body.takeRetainedValue().run()
        }
    }

    deinit { wait() }

    /// Returns when it is done.
    func wait() {
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }
}
