internal import Glibc

/// Keeps two runs from writing the same tables at once.
package struct RunLock: ~Copyable {
    private let descriptor: Int32

    init(path: String, waitingAtMost seconds: Int) throws(StateError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StateError(.unwritable(errno), path: path) }
        for _ in 0...(seconds * 20) {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            usleep(50_000)
        }
        close(descriptor)
        throw StateError(.locked, path: path, remedy: "wait for it, or end it if it hangs")
    }

    deinit { close(descriptor) }
}
