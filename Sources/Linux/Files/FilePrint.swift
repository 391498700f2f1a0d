internal import Glibc

/// What tells one state of a file or a directory from another without reading files.
struct FilePrint: Equatable {
    private struct Mark: Equatable {
        let device: dev_t
        let inode: ino_t
        let size: off_t
        let modified: [Int]

        /// `nil` for what is not there.
        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            device = status.st_dev
            inode = status.st_ino
            size = status.st_size
            // The second one cannot be set back.
            modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
        }
    }

    private let own: Mark?
    /// Of what is in a directory.
    private var entries: [String: Mark] = [:]

    /// Entries that are looked at one by one; of others, the directory tells that they come and go.
    private static let entryLimit = 4_096

    init(_ path: String) {
        own = Mark(path)
        for name in Folder.someNames(path, limit: Self.entryLimit) { entries[name] = Mark("\(path)/\(name)") }
    }
}
