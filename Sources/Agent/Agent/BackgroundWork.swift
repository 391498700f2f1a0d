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
        thread = Self.start(work)
        if thread == nil { work() }
    }

    /// Starts a thread that leaves all signals to others; `nil` where none is to be had. Whoever starts it joins it or
    /// detaches it.
    static func start(_ work: @escaping @Sendable () -> Void) -> pthread_t? {
        var (all, before) = (sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let body = Unmanaged.passRetained(Body(work))
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        guard code != 0 else { return thread }
        body.release()
        return nil
    }

    deinit { wait() }

    /// Returns when it is done.
    func wait() {
        if let thread { pthread_join(thread, nil) }
        thread = nil
    }
}
