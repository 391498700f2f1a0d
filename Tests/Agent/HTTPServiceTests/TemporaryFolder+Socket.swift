import CSystem
import Glibc
import Sockets
import TemporaryFiles

@testable import HTTPService

/// A folder for one socket.
extension TemporaryFolder {
    var socket: String { file("socket") }

    /// The type and permissions of the file at ``socket``; `nil` if there is none.
    var mode: mode_t? {
        var status = stat()
        return lstat(socket, &status) == 0 ? status.st_mode : nil
    }

    /// Leaves a socket as a process does that is killed.
    func leaveSocket() throws {
        close(try bindSocket(SOCK_STREAM))
    }

    /// A socket with that name.
    func bindSocket(_ type: __socket_type) throws -> Int32 {
        guard let address = SocketAddress(path: socket) else { throw TestError("too long: \(socket)") }
        return try bindSocket(type, address)
    }

    func bindSocket(_ type: __socket_type, _ address: SocketAddress) throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0 else { throw TestError("bind: \(errno)") }
        return descriptor
    }
}
