internal import CSystem
internal import Glibc

/// The file of a Unix socket, taken away with its owner unless another has its place by then.
struct SocketFile: ~Copyable {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    init(path: String) {
        var status = stat()
        lstat(path, &status)
        self.path = path
        device = status.st_dev
        inode = status.st_ino
    }

    deinit {
        var status = stat()
        if lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode { unlink(path) }
    }
}
