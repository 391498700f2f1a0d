import CSystem
import Glibc

/// A network namespace without a name, beside the scenario's own: a machine that talks to it.
///
/// The kernel removes it with everything in it when the last socket, thread and descriptor of it is gone. So nothing is
/// left of it, however the scenario ends.
final class PrivateNamespace: Sendable {
    private let descriptor: Int32

    init() throws(ScenarioFailure) {
        let home = try Self.current()
        defer { close(home) }
        guard unshare(CLONE_NEWNET) == 0 else { throw SystemCall.failure("unshare") }
        defer { setns(home, CLONE_NEWNET) }
        descriptor = try Self.current()
    }

    deinit { close(descriptor) }

    /// What `ip link` can move a device to.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Does something inside. Sockets that are made there, and commands that are started there, stay there.
    func inside<Value>(_ work: () throws(ScenarioFailure) -> Value) throws(ScenarioFailure) -> Value {
        let home = try Self.current()
        defer { close(home) }
        try enter()
        defer { setns(home, CLONE_NEWNET) }
        return try work()
    }

    /// Brings the calling thread inside for good.
    func enter() throws(ScenarioFailure) {
        guard setns(descriptor, CLONE_NEWNET) == 0 else { throw SystemCall.failure("setns") }
    }

    private static func current() throws(ScenarioFailure) -> Int32 {
        let descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCall.failure("/proc/thread-self/ns/net") }
        return descriptor
    }
}
