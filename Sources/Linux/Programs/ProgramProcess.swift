internal import CSystem
internal import Glibc

/// A process that was started here. It does not outlive this value.
package struct ProgramProcess: ~Copyable {
    private let identifier: pid_t
    private var isGone = false

    /// Starts it: see ``spawn(_:_:environment:standard:)``.
    init(
        _ path: String, _ arguments: [String], environment: [String], standard: [Int32]
    ) throws(ProgramFailure) {
        identifier = try Self.spawn(path, arguments, environment: environment, standard: standard)
    }

    /// Starts a process that the caller waits for, with default signals and a process group of its own, so that a
    /// terminal's interrupt does not reach it.
    ///
    /// It gets no other descriptor of this process, whichever library opened it and however.
    ///
    /// - Parameter standard: The descriptors that it gets as 0, 1, 2 and so on.
    package static func spawn(
        _ path: String, _ arguments: [String], environment: [String], standard: [Int32]
    ) throws(ProgramFailure) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in standard.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        let code = csystem_close_from(&actions, Int32(standard.count))
        guard code == 0 else { throw ProgramFailure("posix_spawn_file_actions_addclosefrom_np", code) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        setSignals(&attributes)

        var process: pid_t = 0
        let result = withCStrings(arguments) { arguments in
            withCStrings(environment) { environment in
                posix_spawn(&process, path, &actions, &attributes, arguments, environment)
            }
        }
        guard result == 0 else { throw ProgramFailure("cannot be run", result) }
        OpenFilesLimit.restore(in: process)
        return process
    }

    deinit {
        guard !isGone else { return }
        kill(identifier, SIGKILL)
        kill(-identifier, SIGKILL)
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
    }

    /// Its end, as `waitpid` tells.
    mutating func wait(until deadline: ContinuousClock.Instant) throws(ProgramFailure) -> Int32 {
        var status: Int32 = 0
        var pause: UInt32 = 100
        while true {
            let result = waitpid(identifier, &status, WNOHANG)
            if result == identifier {
                isGone = true
                return status
            }
            if result < 0, errno != EINTR {
                // Somebody who reaps every child of this process has been faster.
                isGone = true
                throw ProgramFailure("waitpid", errno)
            }
            guard ContinuousClock.now < deadline else { throw .late }
            usleep(pause)
            pause = min(pause * 2, 10_000)
        }
    }

    /// None is blocked and none ignored, whatever this process does with its own.
    private static func setSignals(_ attributes: inout posix_spawnattr_t) {
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    }

    /// Strings as C wants them: pointers, and a null pointer at the end.
    private static func withCStrings(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return EINVAL }
            return body(base)
        }
    }
}
