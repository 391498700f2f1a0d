internal import CSystem
internal import Glibc

/// Tells when configuration files change, as a descriptor that can be waited for (`inotify(7)`).
///
/// Directories are watched, not files: editors and Kubernetes put new files in the place of old ones. Where the kernel
/// has no watch left, what is named is looked at every few seconds instead.
package struct FileWatch: ~Copyable {
    /// What can be waited for; `nil` where the kernel gave nothing.
    package private(set) var descriptor: Int32?
    private let paths: [String]
    private let open: () -> Int32
    private let interval: Duration
    /// The files that count in each directory; `nil` for all of them.
    private var names: [Int32: Set<String>?] = [:]
    /// Whether something named is not there, or has been moved away: then no event tells of what comes in its place.
    private var isMissing = false
    /// What is looked at, for there is no watch for it, as it was seen last.
    private var seen: [String: FilePrint] = [:]
    private var nextLook: ContinuousClock.Instant?
    private var news: String?
    private var told: Int32 = 0

    /// Whether changes can come without an event, so that ``lookAgain(at:)`` is to be asked every few seconds.
    package var isBlind: Bool { isMissing || !seen.isEmpty }

    private static let readsAtOnce = 16
    private static let changes = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
    )
    /// The watched directory itself has gone.
    private static let losses = UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)
    /// Links in a directory that are followed.
    private static let linkLimit = 4_096

    /// - Parameters:
    ///   - paths: Files and directories; the standard input is passed over.
    ///   - interval: Between two looks at what cannot be watched.
    ///   - open: Makes an instance of inotify; -1 with `errno` when there is none to be had.
    package init(
        _ paths: [String], interval: Duration = .seconds(2),
        open: @escaping () -> Int32 = { inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC)) }
    ) {
        self.paths = paths.filter { $0 != "-" }
        self.interval = interval
        self.open = open
        watch()
    }

    deinit { if let descriptor { close(descriptor) } }

    /// Why files are looked at instead of being watched, and what helps, once for each reason; `nil` without news.
    package mutating func takeNews() -> String? {
        defer { news = nil }
        return news
    }

    /// Watches what could not be watched if it can be now, and looks at what still cannot.
    ///
    /// - Returns: Whether something missing has come, or something that is looked at has changed.
    package mutating func lookAgain(at now: ContinuousClock.Instant = .now) -> Bool {
        guard isBlind else { return false }
        if !seen.isEmpty {
            guard nextLook.map({ $0 <= now }) ?? true else { return false }
            nextLook = now + interval
        }
        let (wasMissing, before) = (isMissing, seen)
        watch()
        // One that is watched from now on may have changed since the last look.
        let hasChanged = before.contains { (seen[$0.key] ?? FilePrint($0.key)) != $0.value }
        return hasChanged || wasMissing && !isMissing
    }

    private mutating func watch() {
        // A directory that is watched already keeps its watch, and the events that wait.
        let before = names.keys
        names = [:]
        seen = [:]
        isMissing = false
        guard !paths.isEmpty else { return }
        if descriptor == nil {
            let opened = open()
            descriptor = opened < 0 ? nil : opened
        }
        guard let descriptor else {
            tell(errno)
            for path in paths { look(at: path) }
            return
        }
        for path in paths.flatMap(Self.places) {
            var status = stat()
            let isThere = lstat(path, &status) == 0
            let isDirectory = isThere && status.st_mode & S_IFMT == S_IFDIR
            let slash = path.lastIndex(of: "/")
            let folder = isDirectory ? path : slash.map { String(path[...$0]) } ?? "."
            let watch = inotify_add_watch(descriptor, folder, Self.changes)
            let code = errno
            if watch < 0, code == ENOSPC || code == ENOMEM {
                tell(code)
                look(at: path)
                continue
            }
            guard isThere, watch >= 0 else {
                isMissing = true
                if watch >= 0, names[watch] == nil { inotify_rm_watch(descriptor, watch) }
                continue
            }
            if isDirectory {
                names[watch] = .some(nil)
            } else if let known = names[watch, default: []] {
                names[watch] = known.union([String(path[(slash.map(path.index(after:)) ?? path.startIndex)...])])
            }
        }
        for watch in before where names[watch] == nil { inotify_rm_watch(descriptor, watch) }
        if seen.isEmpty { told = 0 }
    }

    /// A path and where it leads to, and of a directory where the links in it lead to: what is behind a symbolic link
    /// changes in another folder.
    private static func places(_ path: String) -> [String] {
        let chain = FileLink.chain(from: path)
        let folder = chain[chain.count - 1]
        // kubelet changes all files of a mounted ConfigMap by a link in their directory.
        let links = Folder.someNames(folder, limit: linkLimit).lazy.map { "\(folder)/\($0)" }
            .filter { FileLink.target(of: $0) != nil && !FileLink.isMounted($0) }
        return chain + links.flatMap(FileLink.chain)
    }

    private mutating func look(at path: String) { seen[path] = FilePrint(path) }

    private mutating func tell(_ code: Int32) {
        guard told != code else { return }
        told = code
        let remedy =
            switch code {
            case EMFILE: "raise fs.inotify.max_user_instances, or LimitNOFILE= of the service"
            case ENOSPC: "raise fs.inotify.max_user_watches"
            case ENFILE: "raise fs.file-max"
            default: "free some memory"
            }
        news =
            "no inotify watch: \(String(cString: strerror(code))); files are looked at every "
            + "\(interval / .seconds(1)) s instead: \(remedy)"
    }

    /// Whether a file that is watched and counts has changed since the last call.
    package mutating func hasChanged() -> Bool {
        guard let descriptor else { return false }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var found = false
        // Whoever makes events faster than they are read keeps nobody here.
        for _ in 0..<Self.readsAtOnce {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            buffer.withUnsafeBytes { bytes in
                var offset = 0
                let head = MemoryLayout<inotify_event>.size
                while offset + head <= count {
                    let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let name = bytes[(offset + head)..<min(count, offset + head + Int(event.len))].prefix { $0 != 0 }
                    if event.mask & Self.losses != 0, names[event.wd] != nil { isMissing = true }
                    found = found || counts(event.wd, String(decoding: name, as: UTF8.self))
                    offset += head + Int(event.len)
                }
            }
        }
        // A link may lead somewhere else now.
        if found { watch() }
        return found
    }

    private func counts(_ watch: Int32, _ name: String) -> Bool {
        // An overflow of the kernel's queue names no watch: anything may have changed.
        if watch < 0 { return true }
        // A watch that was given up may have events left.
        guard let known = names[watch] else { return false }
        // Without a name it is about the directory itself.
        guard let wanted = known, !name.isEmpty else { return true }
        return wanted.contains(name) || name == FileLink.mount
    }
}
