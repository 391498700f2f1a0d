internal import CSystem
internal import Glibc

/// Tells when configuration files change, as a descriptor that can be waited for (`inotify(7)`).
///
/// Directories are watched, not files: editors and Kubernetes put new files in the place of old ones.
struct FileWatch: ~Copyable {
    let descriptor: Int32
    /// The files that count in each directory; `nil` for all of them.
    private var names: [Int32: Set<String>?] = [:]

    private static let changes = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE)
    /// The link that a mounted ConfigMap's files go through.
    private static let mountLink = "..data"

    /// - Parameter paths: Files and directories; the standard input is passed over.
    init(_ paths: [String]) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        for path in paths where path != "-" {
            var status = stat()
            let isDirectory = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            let slash = path.lastIndex(of: "/")
            let folder = isDirectory ? path : slash.map { String(path[...$0]) } ?? "."
            let watch = inotify_add_watch(descriptor, folder, Self.changes)
            guard watch >= 0 else { continue }
            if isDirectory {
                names[watch] = .some(nil)
            } else if let known = names[watch, default: []] {
                names[watch] = known.union([String(path[(slash.map(path.index(after:)) ?? path.startIndex)...])])
            }
        }
    }

    deinit { close(descriptor) }

    /// Whether a file that counts has changed since the last call.
    func hasChanged() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var found = false
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
            buffer.withUnsafeBytes { bytes in
                var offset = 0
                let head = MemoryLayout<inotify_event>.size
                while offset + head <= count {
                    let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let name = bytes[(offset + head)..<min(count, offset + head + Int(event.len))].prefix { $0 != 0 }
                    found = found || counts(event.wd, String(decoding: name, as: UTF8.self))
                    offset += head + Int(event.len)
                }
            }
        }
        return found
    }

    private func counts(_ watch: Int32, _ name: String) -> Bool {
        // An overflow of the kernel's queue names no watch: anything may have changed.
        guard let known = names[watch], let wanted = known else { return true }
        return wanted.contains(name) || name == Self.mountLink
    }
}
