internal import Glibc

/// A file that is open for reading: a regular one, on which reading cannot wait for anybody.
///
/// A FIFO, a device or a socket that stands under a file's name would hang whoever opens or reads it. What kind a file
/// is, is asked of the open file, so that nobody can put another in its place meanwhile.
package struct InputFile: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private let status: FileStatus

    deinit { close(descriptor) }

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - followsLink: Whether the path may end in a symbolic link.
    ///   - takesStreams: Whether a descriptor of this process may be named (``isStream(_:)``), which then may be a pipe
    ///     or a terminal: as `<(…)` of a shell.
    /// - Throws: ``FileError/Kind/system(_:)`` (`ENOENT`, `EACCES`, `ELOOP`, …), ``FileError/Kind/notRegular(_:)``.
    package init(path: String, followsLink: Bool = true, takesStreams: Bool = false) throws(FileError) {
        let isStream = takesStreams && Self.isStream(path)
        // Opening a device may do something: it is not opened to be looked at.
        try Self.check(try FileStatus(path: path, followsLink: followsLink), path, isStream)
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (followsLink ? 0 : O_NOFOLLOW)
        let opened = retrying { open(path, flags) }
        guard opened >= 0 else { throw .last(path) }
        do throws(FileError) {
            let status = try FileStatus(opened, path: path)
            try Self.check(status, path, isStream)
            // Who names a pipe of this process wants to wait for what comes out of it.
            if isStream { _ = fcntl(opened, F_SETFL, O_RDONLY) }
            self.status = status
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
        self.path = path
    }

    /// Whether the path names a descriptor of this process.
    package static func isStream(_ path: String) -> Bool {
        if path == "/dev/stdin" { return true }
        return ["/dev/fd/", "/proc/self/fd/"].contains { path.hasPrefix($0) && UInt16(path.dropFirst($0.count)) != nil }
    }

    /// All bytes of the file, unless they are more than the limit.
    package func contents(limit: Int) throws(FileError) -> [UInt8] {
        guard status.size <= limit else { throw FileError(.tooLong(limit: limit), path: path) }
        return try Self.read(descriptor, path, expecting: status.size, limit: limit)
    }

    /// All bytes of the standard input, unless they are more than the limit.
    package static func standardInput(limit: Int) throws(FileError) -> [UInt8] {
        try read(STDIN_FILENO, "-", expecting: 0, limit: limit)
    }

    /// Refuses a file that others than root and this user could have written.
    package func requireTrust() throws(FileError) {
        if let reason = Trust.foreignness(of: status) { throw FileError(.untrusted(reason), path: path) }
    }

    private static func check(_ status: FileStatus, _ path: String, _ isStream: Bool) throws(FileError) {
        guard status.isRegular || isStream && status.isPipeOrTerminal else {
            throw FileError(.notRegular(status.kindName), path: path)
        }
    }

    private static func read(
        _ descriptor: Int32, _ path: String, expecting size: Int, limit: Int
    ) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(size, limit))
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = retrying { Glibc.read(descriptor, &chunk, chunk.count) }
            guard count >= 0 else { throw .last(path) }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw FileError(.tooLong(limit: limit), path: path) }
        }
    }
}

/// Calls again while a signal interrupts the call.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}

/// Why a file is not used.
package struct FileError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The system call's `errno`.
        case system(Int32)
        /// It is something else than a regular file: `a FIFO`.
        case notRegular(String)
        /// It has more bytes than that.
        case tooLong(limit: Int)
        /// Somebody else could have written it, or can: why.
        case untrusted(String)
    }

    package let kind: Kind
    package let path: String

    init(_ kind: Kind, path: String) {
        self.kind = kind
        self.path = path
    }

    /// The error of the last system call.
    static func last(_ path: String) -> FileError { FileError(.system(errno), path: path) }
}
