internal import Glibc

/// A thread that leaves signals to those who wait for them.
package struct ServerThread {
    private let thread: pthread_t

    private final class Body {
        let run: () -> Void

        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Starts it.
    ///
    /// - Parameter run: Belongs to the new thread from here on, with all that it holds.
    package init(_ name: String, at place: String, _ run: sending @escaping () -> Void) throws(HTTPServiceError) {
        // The thread takes this thread's mask: signals are for those who wait for them, and a client that goes away
        // raises none. Faults of the thread's own cannot be put off.
        var blocked = sigset_t()
        var before = sigset_t()
        sigfillset(&blocked)
        for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS] { sigdelset(&blocked, fault) }
        pthread_sigmask(SIG_SETMASK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(run))
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw HTTPServiceError(.notStarted, at: place)
        }
        self.thread = thread
    }

    /// Waits for its end.
    package func join() { pthread_join(thread, nil) }

    /// Lets it end by itself.
    package func detach() { pthread_detach(thread) }
}
