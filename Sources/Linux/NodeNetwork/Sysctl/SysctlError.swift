internal import Glibc
internal import Netlink

/// A kernel setting that could not be read or written.
package struct SysctlError: Error, Hashable, Sendable {
    /// What was tried.
    package enum Operation: Hashable, Sendable {
        case read
        /// To set this value.
        case write(String)
    }

    /// The path below `/proc/sys`.
    package let key: String
    package let operation: Operation
    /// The errno, positive.
    package let errno: Int32

    package init(key: String, operation: Operation, errno: Int32) {
        self.key = key
        self.operation = operation
        self.errno = errno
    }

    /// Whether the settings as a whole are out of reach, as in a container that has `/proc/sys` read-only.
    package var isReadOnly: Bool {
        operation != .read && (errno == EROFS || errno == EACCES || errno == EPERM)
    }
}

extension SysctlError: CustomStringConvertible {
    /// What happened, and for a refused value what can be done about it.
    package var description: String {
        let name = Sysctl.name(of: key)
        let reason = ErrnoText.words(errno)
        guard case .write(let value) = operation else { return "cannot read \(name): \(reason)" }
        let problem = "cannot set \(name) to \(value): \(reason)"
        guard isReadOnly else { return problem }
        return problem + "; set it on the host by `sysctl -w \(name)=\(value)`, or mount /proc/sys writable in the "
            + "container (a privileged one has it so)"
    }
}
