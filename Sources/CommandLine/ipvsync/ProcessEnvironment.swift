internal import CSystem
internal import Glibc

/// The variables that this process was started with, and what it makes of them.
enum ProcessEnvironment {
    /// The variables that mean something here. Every other one goes before anything reads it: the libraries beneath
    /// (libcurl, OpenSSL, the C library, libnl) heed dozens that would write down keys, name other authorities,
    /// proxies, resolvers and modules, and a daemon gets its environment from wherever it was started.
    static let meant: Set<String> = [
        // Where the API server of this Pod's cluster is.
        "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
        // The service manager.
        "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
        // The terminal, and its user's wishes.
        "NO_COLOR", "TERM", "COLUMNS", "LINES",
        // The shell that asks for completions.
        "SHELL", "SAP_SHELL", "SAP_SHELL_VERSION",
    ]

    static var variables: [String: String] {
        var variables: [String: String] = [:]
        for entry in entries {
            if let sign = entry.firstIndex(of: "=") {
                variables[String(entry[..<sign])] = String(entry[entry.index(after: sign)...])
            }
        }
        return variables
    }

    /// Removes every variable that is not meant. Call it before there is a thread, and before any library is used.
    static func keepOnlyMeant() {
        for name in variables.keys where !meant.contains(name) { unsetenv(name) }
    }

    /// `NAME=value`, as they stand.
    private static var entries: [String] {
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(String(cString: entry))
            next += 1
        }
        return entries
    }
}

/// The C library's allocator, told what kind of process this is.
enum Allocator {
    /// Keeps freed memory for the next phase instead of handing it back to the kernel and asking again, page by page.
    ///
    /// Parsing, reading and planning each free as much as the next one takes; the faults in between were a fifth of
    /// a run's time.
    static func keepFreedMemory() {
        _ = mallopt(M_TRIM_THRESHOLD, 256 << 20)
        _ = mallopt(M_MMAP_THRESHOLD, 256 << 20)
        _ = mallopt(M_TOP_PAD, 1 << 20)
    }

    /// Hands large pieces of freed memory back at once, and has all threads share one heap: what one has freed, the next
    /// one takes. For a process that stays.
    static func shareFreedMemory() {
        _ = mallopt(M_TRIM_THRESHOLD, 4 << 20)
        _ = mallopt(M_MMAP_THRESHOLD, 512 << 10)
        _ = mallopt(M_ARENA_MAX, 1)
    }

    /// Hands back what is free anywhere in the heap, which takes some milliseconds.
    static func returnFreedMemory() {
        _ = malloc_trim(0)
    }
}

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
