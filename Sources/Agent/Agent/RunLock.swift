internal import Files
internal import Glibc

/// Keeps two runs from writing the same tables at once.
package struct RunLock: ~Copyable {
    private let descriptor: Int32

    /// - Parameter waits: Told once, as soon as it has to wait for another run.
    init(path: String, waitingAtMost seconds: Int, waits: () -> Void) throws(StateError) {
        // Kept aside until the lock is held: a thrown error runs `deinit` once every property has its value.
        let opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw StateError(.unwritable(errno), path: path) }
        if let reason = Trust.foreignness(ofOpen: opened) {
            close(opened)
            throw StateError(.untrusted(reason), path: path, remedy: "remove it: it is no file of ipvsync's")
        }
        for attempt in 0...(seconds * 20) {
            if flock(opened, LOCK_EX | LOCK_NB) == 0 {
                descriptor = opened
                return
            }
            if attempt == 0, seconds > 0 { waits() }
            usleep(50_000)
        }
        close(opened)
        throw StateError(.locked, path: path, remedy: "wait for it, or end it if it hangs")
    }

    deinit { close(descriptor) }
}
