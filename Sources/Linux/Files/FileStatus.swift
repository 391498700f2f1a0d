internal import Glibc

/// What is known of a file without reading it.
struct FileStatus {
    private let status: stat

    /// The file that is open.
    init(_ descriptor: Int32, path: String) throws(FileError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last(path) }
        self.status = status
    }

    /// What the path leads to.
    init(path: String, followsLink: Bool = true) throws(FileError) {
        var status = stat()
        guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else { throw .last(path) }
        self.status = status
    }

    var isRegular: Bool { kind == S_IFREG }
    var isDirectory: Bool { kind == S_IFDIR }
    var isLink: Bool { kind == S_IFLNK }
    /// Whether reading may wait for somebody.
    var isPipeOrTerminal: Bool { kind == S_IFIFO || kind == S_IFCHR }
    var size: Int { Int(status.st_size) }
    var owner: uid_t { status.st_uid }
    /// Whether only its owner may remove what others have in it.
    var isSticky: Bool { status.st_mode & S_ISVTX != 0 }
    /// Whether users beside its owner may change it.
    var isWritableByOthers: Bool { status.st_mode & (S_IWGRP | S_IWOTH) != 0 }

    /// `a FIFO`.
    var kindName: String {
        switch kind {
        case S_IFREG: "a regular file"
        case S_IFDIR: "a directory"
        case S_IFIFO: "a FIFO"
        case S_IFSOCK: "a socket"
        case S_IFLNK: "a symbolic link"
        default: "a device"
        }
    }

    private var kind: mode_t { status.st_mode & S_IFMT }
}
