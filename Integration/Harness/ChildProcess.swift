import Glibc

/// A process of ours, found on `PATH`. It does not outlive this object.
final class ChildProcess {
    let identifier: pid_t
    private let leadsGroup: Bool
    private(set) var status: ExitStatus?

    /// - Parameters:
    ///   - environment: Added to this program's own.
    ///   - input: The descriptor it reads; `/dev/null` for `nil`.
    ///   - leadsGroup: It gets a process group of its own, and ``kill(_:)`` reaches the whole group.
    init(
        _ arguments: [String], environment: [String: String] = [:], input: Int32? = nil, output: Int32, error: Int32,
        leadsGroup: Bool = false
    ) throws(ScenarioFailure) {
        self.leadsGroup = leadsGroup
        identifier = try spawn(
            arguments, environment: environment, input: input, output: output, error: error, leadsGroup: leadsGroup)
    }

    deinit {
        if status == nil {
            kill(SIGKILL)
            var word: Int32 = 0
            while waitpid(identifier, &word, 0) < 0 && errno == EINTR {}
        }
    }

    /// Its end, if it has come.
    @discardableResult
    func poll() -> ExitStatus? {
        var word: Int32 = 0
        if status == nil, waitpid(identifier, &word, WNOHANG) == identifier {
            status = ExitStatus(word: word)
        }
        return status
    }

    /// Waits for its end; `nil` when it is not over by then.
    func wait(until deadline: ContinuousClock.Instant) -> ExitStatus? {
        var pause: UInt32 = 200
        while poll() == nil && ContinuousClock.now < deadline {
            usleep(pause)
            pause = min(pause * 2, 5000)
        }
        return status
    }

    /// Sends it a signal while it runs.
    func kill(_ signal: Int32) {
        if poll() == nil {
            _ = Glibc.kill(leadsGroup ? -identifier : identifier, signal)
        }
    }
}

private func spawn(
    _ arguments: [String], environment: [String: String], input: Int32?, output: Int32, error: Int32, leadsGroup: Bool
) throws(ScenarioFailure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
        posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, error, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Signals that this program blocks or ignores reach its children all the same; but for a reload, which ends a program
    // that has not begun to wait for it.
    var none = sigset_t()
    sigemptyset(&none)
    sigaddset(&none, SIGHUP)
    posix_spawnattr_setsigmask(&attributes, &none)
    var restored = sigset_t()
    sigemptyset(&restored)
    for signal in [SIGTERM, SIGINT, SIGPIPE] { sigaddset(&restored, signal) }
    posix_spawnattr_setsigdefault(&attributes, &restored)
    var flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    if leadsGroup {
        posix_spawnattr_setpgroup(&attributes, 0)
        flags |= Int16(POSIX_SPAWN_SETPGROUP)
    }
    posix_spawnattr_setflags(&attributes, flags)

    let argumentStrings = CStringArray(arguments)
    let environmentStrings = CStringArray(Environment.merged(with: environment))
    var identifier: pid_t = 0
    let code = posix_spawnp(
        &identifier, arguments.first ?? "", &actions, &attributes, argumentStrings.pointer, environmentStrings.pointer)
    guard code == 0 else { throw SystemCall.failure("cannot run \(arguments.first ?? "nothing")", code) }
    return identifier
}
