internal import CSystem
internal import Glibc

/// The signals that tell an agent something, as a descriptor that can be waited for.
struct Signals: ~Copyable {
    enum Signal {
        case reload
        case end
    }

    let descriptor: Int32

    /// From here on these signals do nothing else: call it before any thread is made.
    init() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGHUP, SIGTERM, SIGINT] { sigaddset(&set, signal) }
        sigprocmask(SIG_BLOCK, &set, nil)
        descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    }

    deinit { close(descriptor) }

    /// Has a write to a pipe or a socket that nobody reads fail, and not end the process: a log's reader may go, and an
    /// API server too.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Has a request to reload that comes while an agent starts wait until it can be followed.
    static func holdReloads() {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGHUP)
        sigprocmask(SIG_BLOCK, &set, nil)
    }

    /// The signals that have come since the last call.
    func pending() -> [Signal] {
        var signals: [Signal] = []
        var info = signalfd_siginfo()
        while read(descriptor, &info, MemoryLayout<signalfd_siginfo>.size) == MemoryLayout<signalfd_siginfo>.size {
            signals.append(info.ssi_signo == UInt32(SIGHUP) ? .reload : .end)
        }
        return signals
    }
}
