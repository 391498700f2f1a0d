internal import CSystem
internal import Glibc
internal import LoadBalancing
internal import Sockets

/// A socket that listens, without blocking; closed with its owner unless it is given away.
struct ListeningSocket: ~Copyable {
    let descriptor: Int32

    deinit { close(descriptor) }

    /// Listens on a TCP port.
    ///
    /// - Parameters:
    ///   - address: `nil` for all that the host has or gets; those of IPv4 where it has no IPv6.
    ///   - port: 0 for any that is free.
    /// - Throws: ``HTTPServiceError/Kind/listening(_:)``.
    init(_ address: IPAddress?, port: UInt16) throws(HTTPServiceError) {
        if let address {
            descriptor = try Self.open(address, port: port)
            return
        }
        do throws(HTTPServiceError) {
            descriptor = try Self.open(IPAddress(v6High: 0, low: 0), port: port, isDual: true)
        } catch {
            // What a kernel without IPv6 says, or one that has it switched off.
            guard [.listening(EAFNOSUPPORT), .listening(EADDRNOTAVAIL)].contains(error.kind) else { throw error }
            descriptor = try Self.open(IPAddress(v4: 0), port: port)
        }
    }

    /// - Parameter isDual: Whether an IPv6 socket takes connections by IPv4 as well.
    private static func open(
        _ address: IPAddress, port: UInt16, isDual: Bool = false
    ) throws(HTTPServiceError) -> Int32 {
        let place = "\(Endpoint(address, port: port))"
        let opened = socket(address.family == .ipv4 ? AF_INET : AF_INET6)
        guard opened >= 0 else { throw HTTPServiceError(.listening(errno), at: place) }
        // A port whose last connections linger in TIME_WAIT can be listened on at once.
        set(opened, SOL_SOCKET, SO_REUSEADDR, 1)
        // Connections inherit these: what a client makes the kernel keep for it is bounded.
        set(opened, SOL_SOCKET, SO_RCVBUF, 16 << 10)
        set(opened, SOL_SOCKET, SO_SNDBUF, 128 << 10)
        if address.family == .ipv6 { set(opened, Int32(IPPROTO_IPV6), IPV6_V6ONLY, isDual ? 0 : 1) }
        guard listen(opened, SocketAddress(address, port: port)) else {
            let code = errno
            close(opened)
            throw HTTPServiceError(.listening(code), at: place)
        }
        return opened
    }

    /// Listens on a Unix socket that only its owner can connect to.
    ///
    /// What a process left there that did not end in order is replaced.
    ///
    /// - Throws: Whatever has the path, or keeps a socket from being made there.
    init(path: String) throws(HTTPServiceError) {
        guard let address = SocketAddress(path: path) else { throw HTTPServiceError(.unusablePath, at: path) }
        try Self.clear(path, address)
        let opened = Self.socket(AF_UNIX)
        guard opened >= 0 else { throw HTTPServiceError(.listening(errno), at: path) }
        // Before it has a name: Linux makes the file with the mode of the socket (unix_bind_bsd in net/unix/af_unix.c),
        // so that nobody can connect in between, and the umask of the other threads is left alone.
        guard fchmod(opened, 0o600) == 0, Self.listen(opened, address) else {
            let code = errno
            close(opened)
            throw HTTPServiceError(code == EADDRINUSE ? .occupied : .listening(code), at: path)
        }
        descriptor = opened
    }

    /// Gives the descriptor away: whoever takes it closes it.
    consuming func release() -> Int32 {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    private static func socket(_ family: Int32) -> Int32 {
        Glibc.socket(
            family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func listen(_ descriptor: Int32, _ address: SocketAddress) -> Bool {
        address.withPointer { bind(descriptor, $0, $1) } == 0 && Glibc.listen(descriptor, SOMAXCONN) == 0
    }

    /// Makes room for a socket: takes away one that nobody listens on.
    private static func clear(_ path: String, _ address: SocketAddress) throws(HTTPServiceError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw HTTPServiceError(.notSocket, at: path) }
        let probe = socket(AF_UNIX)
        guard probe >= 0 else { throw HTTPServiceError(.listening(errno), at: path) }
        defer { close(probe) }
        let isConnected = address.withPointer { connect(probe, $0, $1) } == 0
        switch isConnected ? 0 : errno {
        case ECONNREFUSED:
            guard unlink(path) == 0 || errno == ENOENT else { throw HTTPServiceError(.listening(errno), at: path) }
        case ENOENT: break
        // Too many wait to be accepted there.
        case 0, EAGAIN: throw HTTPServiceError(.occupied, at: path)
        case let code: throw HTTPServiceError(.listening(code), at: path)
        }
    }
}
