internal import CSystem
internal import Glibc

/// Tells when configuration files change, as a descriptor that can be waited for (`inotify(7)`).
///
/// Directories are watched, not files: editors and Kubernetes put new files in the place of old ones.
struct FileWatch: ~Copyable {
    let descriptor: Int32
    private let paths: [String]
    /// The files that count in each directory; `nil` for all of them.
    private var names: [Int32: Set<String>?] = [:]
    /// Whether something named is not there, or has been moved away: then no event tells of what comes in its place.
    private(set) var isBlind = false

    private static let changes = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
    )
    /// The watched directory itself has gone.
    private static let losses = UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)
    /// The link that a mounted ConfigMap's files go through.
    private static let mountLink = "..data"

    /// - Parameter paths: Files and directories; the standard input is passed over.
    init(_ paths: [String]) {
        descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        self.paths = paths.filter { $0 != "-" }
        watch()
    }

    deinit { close(descriptor) }

    /// Watches what was missing if it is there now; whether all of it is.
    mutating func lookAgain() -> Bool {
        guard isBlind else { return false }
        watch()
        return !isBlind
    }

    private mutating func watch() {
        // A directory that is watched already keeps its watch, and the events that wait.
        let before = names.keys
        names = [:]
        isBlind = false
        for path in paths {
            var status = stat()
            let isThere = stat(path, &status) == 0
            let isDirectory = isThere && status.st_mode & S_IFMT == S_IFDIR
            let slash = path.lastIndex(of: "/")
            let folder = isDirectory ? path : slash.map { String(path[...$0]) } ?? "."
            let watch = inotify_add_watch(descriptor, folder, Self.changes)
            guard isThere, watch >= 0 else {
                isBlind = true
                continue
            }
            if isDirectory {
                names[watch] = .some(nil)
            } else if let known = names[watch, default: []] {
                names[watch] = known.union([String(path[(slash.map(path.index(after:)) ?? path.startIndex)...])])
            }
        }
        for watch in before where names[watch] == nil { inotify_rm_watch(descriptor, watch) }
    }

    /// Whether a file that counts has changed since the last call.
    mutating func hasChanged() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var found = false
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 {
            buffer.withUnsafeBytes { bytes in
                var offset = 0
                let head = MemoryLayout<inotify_event>.size
                while offset + head <= count {
                    let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let name = bytes[(offset + head)..<min(count, offset + head + Int(event.len))].prefix { $0 != 0 }
                    if event.mask & Self.losses != 0, names[event.wd] != nil { isBlind = true }
                    found = found || counts(event.wd, String(decoding: name, as: UTF8.self))
                    offset += head + Int(event.len)
                }
            }
        }
        return found
    }

    private func counts(_ watch: Int32, _ name: String) -> Bool {
        // An overflow of the kernel's queue names no watch: anything may have changed.
        if watch < 0 { return true }
        // A watch that was given up may have events left.
        guard let known = names[watch] else { return false }
        // Without a name it is about the directory itself.
        guard let wanted = known, !name.isEmpty else { return true }
        return wanted.contains(name) || name == Self.mountLink
    }
}
