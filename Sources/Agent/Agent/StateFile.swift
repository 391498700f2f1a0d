internal import Files
internal import Glibc

/// A file that is read whole, replaced whole or not at all, and added to.
struct StateFile {
    let path: String

    /// Far beyond 100,000 virtual servers that all drain.
    private static let maximumSize = 256 << 20

    /// Makes the directory for such files, for its owner alone, unless it is there; then it has to be one to trust.
    static func makeDirectory(_ directory: String) throws(StateError) {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw StateError(.unwritable(errno), path: directory, remedy: "name another with --state-dir")
        }
        try requireTrust(in: directory)
    }

    /// Refuses a directory in which others than root and this user can put files; one that is not there holds none.
    static func requireTrust(in directory: String) throws(StateError) {
        do throws(FileError) {
            try Trust.require(directory: directory)
        } catch {
            switch error.kind {
            case .system(ENOENT): return
            case .untrusted(let reason):
                throw StateError(
                    .untrusted(reason), path: directory,
                    remedy: "give it to root, writable for its owner alone, or name another with --state-dir")
            case .system(let code): throw StateError(.unreadable(code), path: directory, remedy: "run as root")
            case .notRegular, .tooLong: throw StateError(.unreadable(EINVAL), path: directory)
            }
        }
    }

    /// The text; `nil` when there is no such file.
    ///
    /// - Parameter limit: Bytes of the longest file that is believed.
    func read(limit: Int = maximumSize) throws(StateError) -> String? {
        try Self.requireTrust(in: directory)
        do throws(FileError) {
            let file = try InputFile(path: path, followsLink: false)
            try file.requireTrust()
            return String(decoding: try file.contents(limit: limit), as: UTF8.self)
        } catch {
            switch error.kind {
            case .system(ENOENT): return nil
            case .system(let code):
                throw StateError(.unreadable(code), path: path, remedy: "run as root, or remove the file")
            case .notRegular(let kind): throw untrusted("it is \(kind)")
            case .untrusted(let reason): throw untrusted(reason)
            case .tooLong(let limit): throw untrusted("it is longer than \(limit >> 20) MiB")
            }
        }
    }

    private var directory: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

    private func untrusted(_ reason: String) -> StateError {
        StateError(.untrusted(reason), path: path, remedy: "remove it: it is no file of ipvsync's")
    }

    /// Replaces the file: written beside it, then renamed over it. What it says ends with the boot, so that it need not
    /// be forced to storage.
    func replace(with bytes: [UInt8]) throws(StateError) {
        let temporary = "\(path).new"
        // A file that a killed run left behind is of no use to anybody.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unwritable() }
        do throws(StateError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else { throw unwritable() }
    }

    /// Adds to the file what will be there whole; a crash may leave a part of it.
    ///
    /// - Returns: `false`, with nothing done, when the file is not of that size.
    func append(_ bytes: [UInt8], at size: Int) throws(StateError) -> Bool {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == size else {
            return false
        }
        do throws(StateError) {
            try write(bytes, to: descriptor)
        } catch {
            ftruncate(descriptor, off_t(size))
            throw error
        }
        return true
    }

    /// Moves the file aside, for people to look at.
    func setAside() throws(StateError) {
        guard rename(path, path + ".corrupt") == 0 || errno == ENOENT else {
            throw StateError(.unwritable(errno), path: path)
        }
    }

    /// Removes the file if it is there.
    func remove() throws(StateError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw StateError(.unwritable(errno), path: path) }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(StateError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unwritable() }
            written += count
        }
    }

    private func unwritable() -> StateError {
        StateError(.unwritable(errno), path: path, remedy: "free space there, or name another place with --state-dir")
    }
}
