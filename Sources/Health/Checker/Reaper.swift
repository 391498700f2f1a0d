internal import Glibc
internal import Synchronization

/// Ends processes without waiting for one that the kernel holds.
enum Reaper {
    private static let unreaped = Mutex<[pid_t]>([])

    /// Kills a process, and its group if it has one of its own.
    static func end(group process: pid_t) {
        kill(process, SIGKILL)
        kill(-process, SIGKILL)
        unreaped.withLock { $0.append(process) }
        reap()
    }

    /// Takes leave of those that have ended.
    static func reap() {
        unreaped.withLock { unreaped in unreaped.removeAll { waitpid($0, nil, WNOHANG) != 0 } }
    }
}
