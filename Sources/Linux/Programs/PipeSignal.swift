internal import Glibc

/// Keeps SIGPIPE away from the calling thread while it writes to a pipe whose reader may go.
struct PipeSignal {
    private var set = sigset_t()
    private var before = sigset_t()
    private let wasPending: Bool

    /// Blocks it.
    init() {
        var pending = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGPIPE)
        sigpending(&pending)
        wasPending = sigismember(&pending, SIGPIPE) == 1
        pthread_sigmask(SIG_BLOCK, &set, &before)
    }

    /// Takes back one that has come meanwhile, and lets others through as before.
    func restore() {
        var (set, before, now) = (set, before, timespec())
        if !wasPending {
            while sigtimedwait(&set, nil, &now) < 0 && errno == EINTR {}
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
