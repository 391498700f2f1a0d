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

    /// Takes leave of those that have ended; whether that is all of them.
    @discardableResult
    static func reap() -> Bool {
        unreaped.withLock { unreaped in
            unreaped.removeAll { waitpid($0, nil, WNOHANG) != 0 }
            return unreaped.isEmpty
        }
    }

    /// Waits for those that are killed to end, but not for one that the kernel holds: a second at most.
    static func awaitEnds() {
        let end = ContinuousClock.now + .seconds(1)
        while !reap(), ContinuousClock.now < end { usleep(1_000) }
    }
}
