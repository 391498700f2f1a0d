package import CSystem
internal import Glibc
package import LoadBalancing

/// The address of a socket as the kernel reads it.
package struct SocketAddress {
    private var storage = sockaddr_storage()
    /// How many bytes of it count.
    package private(set) var length: socklen_t

    /// An address of TCP or UDP.
    package init(_ address: IPAddress, port: UInt16) {
        switch address.family {
        case .ipv4:
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            value.sin_addr.s_addr = address.v4Value.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in.self) }
        case .ipv6:
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &value.sin6_addr) { bytes in
                bytes.storeBytes(of: address.high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in6.self) }
        }
    }

    /// A Unix socket in the file system; `nil` if the path is empty, too long or has a NUL.
    package init?(path: String) {
        guard !path.utf8.contains(0) else { return nil }
        self.init(unixName: Array(path.utf8), terminated: true)
    }

    /// A Unix socket with a name that is in no file system (`unix(7)`); `nil` if it is empty or too long.
    package init?(abstractName: String) {
        guard !abstractName.isEmpty else { return nil }
        self.init(unixName: [0] + Array(abstractName.utf8), terminated: false)
    }

    private init?(unixName: [UInt8], terminated: Bool) {
        let offset = MemoryLayout<sa_family_t>.size
        let capacity = MemoryLayout<sockaddr_un>.size - offset - (terminated ? 1 : 0)
        guard !unixName.isEmpty, unixName.count <= capacity else { return nil }
        length = socklen_t(offset + unixName.count + (terminated ? 1 : 0))
        storage.ss_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &storage) { $0[offset...].copyBytes(from: unixName) }
    }

    /// The other end of a connection; `nil` if it has none any more.
    package init?(peerOf descriptor: Int32) {
        self.init(of: descriptor, getpeername)
    }

    /// The near end of a socket.
    package init?(of descriptor: Int32) {
        self.init(of: descriptor, getsockname)
    }

    /// Accepts a connection, as a socket that does not block and is closed at `exec`.
    ///
    /// - Returns: The socket, negative with an `errno` when there is none, and the other end.
    package static func accept(_ listener: Int32) -> (descriptor: Int32, peer: SocketAddress) {
        var peer = SocketAddress()
        let descriptor = withUnsafeMutablePointer(to: &peer.storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                csystem_accept_from(listener, $0, &peer.length)
            }
        }
        return (descriptor, peer)
    }

    private init() { length = socklen_t(MemoryLayout<sockaddr_storage>.size) }

    private init?(
        of descriptor: Int32,
        _ ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(descriptor, $0, &length) }
        }
        guard status == 0 else { return nil }
    }

    /// The port; `nil` if it is no address of TCP or UDP.
    package var port: UInt16? {
        withUnsafeBytes(of: storage) { bytes in
            switch Int32(storage.ss_family) {
            case AF_INET: UInt16(bigEndian: bytes.load(as: sockaddr_in.self).sin_port)
            case AF_INET6: UInt16(bigEndian: bytes.load(as: sockaddr_in6.self).sin6_port)
            default: nil
            }
        }
    }

    /// The address of an IPv4 socket.
    package var ipv4: UInt32 {
        withUnsafeBytes(of: storage) { UInt32(bigEndian: $0.load(as: sockaddr_in.self).sin_addr.s_addr) }
    }

    /// The address of an IPv6 socket, in two halves.
    package var ipv6: (high: UInt64, low: UInt64) {
        withUnsafeBytes(of: storage) { bytes in
            withUnsafeBytes(of: bytes.load(as: sockaddr_in6.self).sin6_addr) { address in
                (
                    UInt64(bigEndian: address.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: address.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
        }
    }

    /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
    package var family: Int32 { Int32(storage.ss_family) }

    /// The address as system calls take it.
    package func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
