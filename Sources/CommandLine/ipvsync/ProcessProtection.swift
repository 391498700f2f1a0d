internal import CSystem
internal import Glibc

/// What protects this process, and what it holds, from those around it.
enum ProcessProtection {
    /// Opens /dev/null in the place of a standard stream that is closed: the next file or socket would take it.
    static func openStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest number that is free is this one.
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }

    /// Keeps the memory, with the tokens and keys in it, out of core dumps and debuggers of the same user.
    static func keepMemoryPrivate() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        csystem_forbid_dumps()
    }
}
