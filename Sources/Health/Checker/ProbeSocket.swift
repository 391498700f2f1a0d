internal import CSystem
internal import Glibc
internal import HealthChecks
internal import LoadBalancing
internal import Programs
internal import Sockets

/// What one attempt found.
struct Finding: Hashable {
    let outcome: CheckResult.Outcome
    let reason: String

    static func up(_ reason: String) -> Self { Self(outcome: .up, reason: reason) }
    static func down(_ reason: String) -> Self { Self(outcome: .down, reason: reason) }
    static func unknown(_ reason: String) -> Self { Self(outcome: .unknown, reason: reason) }

    /// What a system call's error tells: of the real server, or of this node when it could not even ask.
    static func error(_ code: Int32, _ what: String? = nil) -> Self {
        let text = strerror(code).map { String(cString: $0) } ?? "error \(code)"
        let reason = (what.map { "\($0): " } ?? "") + text.prefix(1).lowercased() + text.dropFirst()
        return local.contains(code) ? .unknown("cannot ask: \(reason)") : .down(reason)
    }

    private static let local: Set<Int32> = [
        EMFILE, ENFILE, ENOMEM, ENOBUFS, EPERM, EACCES, EADDRNOTAVAIL, EADDRINUSE, EAFNOSUPPORT, EPROTONOSUPPORT,
        EINVAL, EBADF, ENODEV,
    ]
}

/// Sockets that ask from the address and with the mark that a check names.
enum ProbeSocket {
    /// Why there is no socket.
    struct Failure: Error {
        let finding: Finding

        init(_ what: String) { finding = .error(errno, what) }
    }

    /// A socket that does not block, bound where the check says so.
    static func open(
        _ family: AddressFamily, _ type: __socket_type, _ transport: Int32 = 0, for check: ServerCheck
    ) throws(Failure) -> Int32 {
        let domain = family == .ipv4 ? AF_INET : AF_INET6
        let flags = SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let opened = Glibc.socket(domain, Int32(type.rawValue | flags), transport)
        guard opened >= 0 else { throw Failure("socket") }
        do throws(Failure) {
            try prepare(opened, check)
        } catch {
            close(opened)
            throw error
        }
        return opened
    }

    private static func prepare(_ descriptor: Int32, _ check: ServerCheck) throws(Failure) {
        if check.mark != 0 {
            var mark = check.mark
            guard setsockopt(descriptor, SOL_SOCKET, SO_MARK, &mark, socklen_t(MemoryLayout<UInt32>.size)) == 0 else {
                throw Failure("the mark (Linux 5.17 or newer, and CAP_NET_RAW)")
            }
        }
        if let source = check.source {
            let status = SocketAddress(source, port: 0).withPointer { bind(descriptor, $0, $1) }
            guard status == 0 else { throw Failure("from \(source)") }
        }
    }

    /// Begins to connect.
    ///
    /// - Returns: An `errno`, which is `EINPROGRESS` when the answer is still to come, or 0.
    static func connect(_ descriptor: Int32, to target: Endpoint) -> Int32 {
        let status = SocketAddress(target.address, port: target.port).withPointer {
            Glibc.connect(descriptor, $0, $1)
        }
        return status == 0 ? 0 : errno
    }

    /// The error that waits at a socket; 0 for none.
    static func error(at descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
    }
}
