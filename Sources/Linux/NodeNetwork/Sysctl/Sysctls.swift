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

/// A kernel setting and the value that it shall have.
package struct Sysctl: Hashable, Sendable {
    /// How a value that is there already is judged.
    package enum Rule: Hashable, Sendable {
        /// It has to be this one.
        case exactly
        /// It has to be a number that is no smaller: only ever raised.
        case atLeast
    }

    /// The path below `/proc/sys`: `net/ipv4/vs/conntrack`.
    package let key: String
    package let value: String
    package let rule: Rule

    package init(_ key: String, _ value: String, _ rule: Rule = .exactly) {
        self.key = key
        self.value = value
        self.rule = rule
    }

    /// Whether a value that was read will do.
    package func isSatisfied(by current: String) -> Bool {
        switch rule {
        case .exactly:
            return current == value
        case .atLeast:
            guard let current = Int(current), let wanted = Int(value) else { return current == value }
            return current >= wanted
        }
    }

    /// The name that `sysctl` knows a key by: dots for slashes, and slashes for the dots of a device's name.
    package static func name(of key: String) -> String {
        String(key.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
    }
}

/// A kernel setting that changes.
package struct SysctlChange: Hashable, Sendable {
    /// The path below `/proc/sys`.
    package let key: String
    package let old: String
    package let new: String

    package init(key: String, old: String, new: String) {
        self.key = key
        self.old = old
        self.new = new
    }

    /// The change that takes this one back.
    package var undone: SysctlChange { SysctlChange(key: key, old: new, new: old) }
}

extension SysctlChange: CustomStringConvertible {
    /// `set net.ipv4.ip_forward to 1 (it is 0)`.
    package var description: String { "set \(Sysctl.name(of: key)) to \(new) (it is \(old))" }
}

/// The settings to change, and those that this kernel does not know.
package struct SysctlPlan: Hashable, Sendable {
    /// In the order in which they are wanted.
    package let changes: [SysctlChange]
    /// Keys that are wanted and do not exist: an older kernel, or a module that is not loaded.
    package let missing: [String]

    /// The plan from what is read to what is wanted.
    ///
    /// - Parameter read: The value of a key; `nil` when there is no such key.
    package static func between<Failure: Error>(
        wanted: [Sysctl], read: (String) throws(Failure) -> String?
    ) throws(Failure) -> SysctlPlan {
        var changes: [SysctlChange] = []
        var missing: [String] = []
        for setting in wanted {
            guard let current = try read(setting.key) else {
                missing.append(setting.key)
                continue
            }
            if !setting.isSatisfied(by: current) {
                changes.append(SysctlChange(key: setting.key, old: current, new: setting.value))
            }
        }
        return SysctlPlan(changes: changes, missing: missing)
    }
}
