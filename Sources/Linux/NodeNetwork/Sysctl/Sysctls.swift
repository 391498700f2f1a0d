internal import Glibc

/// The kernel's settings, those of the calling process's network namespace among them.
package struct Sysctls: Sendable {
    /// The folder that holds them.
    package let root: String

    package init(root: String = "/proc/sys") { self.root = root }

    /// A setting's value without the newline at its end; `nil` when the kernel has no such setting.
    package func read(_ key: String) throws(SysctlError) -> String? {
        let file = open(try path(of: key, .read), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SysctlError(key: key, operation: .read, errno: errno)
        }
        defer { close(file) }
        // The kernel gives a setting whole to a read from its beginning; a page holds any.
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &buffer, buffer.count)
        guard count >= 0 else { throw SysctlError(key: key, operation: .read, errno: errno) }
        let end = buffer[..<count].lastIndex { $0 != UInt8(ascii: "\n") }.map { $0 + 1 } ?? 0
        return String(decoding: buffer[..<end], as: UTF8.self)
    }

    /// Sets a value.
    package func write(_ key: String, _ value: String) throws(SysctlError) {
        let operation = SysctlError.Operation.write(value)
        let file = open(try path(of: key, operation), O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard file >= 0 else { throw SysctlError(key: key, operation: operation, errno: errno) }
        defer { close(file) }
        let bytes = Array("\(value)\n".utf8)
        // The kernel takes a value whole or not at all, whatever number it answers: for net.ipv6.conf.all.forwarding
        // that is 1 when the value is new.
        guard Glibc.write(file, bytes, bytes.count) > 0 else {
            throw SysctlError(key: key, operation: operation, errno: errno)
        }
    }

    /// Carries out a plan as far as it goes: each change by itself, for one refusal says nothing of the next.
    ///
    /// - Returns: The changes that were refused.
    package func apply(_ changes: [SysctlChange]) -> [SysctlError] {
        changes.compactMap { change in
            do throws(SysctlError) {
                try write(change.key, change.new)
                return nil
            } catch {
                return error
            }
        }
    }

    /// A key is a path below the root and leads nowhere else.
    private func path(of key: String, _ operation: SysctlError.Operation) throws(SysctlError) -> String {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), !key.utf8.contains(0) else {
            throw SysctlError(key: key, operation: operation, errno: EINVAL)
        }
        return "\(root)/\(key)"
    }
}
