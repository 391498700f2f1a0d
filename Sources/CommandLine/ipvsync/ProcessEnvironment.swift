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
