internal import CCurl
internal import Glibc
internal import LoadBalancing

/// The addresses that requests went to, or tried to go to: those of the server, or of the proxy on the way.
///
/// Addresses that do not answer count as well: a node that took the server's address for one of its own is cut off
/// from it, and has to know which address that was.
final class PeerRecord {
    /// The latest ones, each once; the last one used is the last.
    private(set) var addresses: [IPAddress] = []

    /// A name may stand for another address each time.
    private static let maximum = 64
    /// Milliseconds for which the other end may leave what was sent to it, and questions whether it still stands,
    /// without an answer.
    private static let unansweredTime: UInt32 = 50_000

    func note(_ address: IPAddress) {
        guard addresses.last != address else { return }
        addresses.removeAll { $0 == address }
        addresses.append(address)
        if addresses.count > Self.maximum { addresses.removeFirst() }
    }

    /// Opens the socket of a connection that libcurl is about to make, closed at `exec`; libcurl's own would not be.
    static let open: curl_opensocket_callback = { context, _, address in
        guard let address else { return CURL_SOCKET_BAD }
        if let context, let peer = IPAddress(&address.pointee.addr) {
            Unmanaged<PeerRecord>.fromOpaque(context).takeUnretainedValue().note(peer)
        }
        let descriptor = socket(
            address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
        guard descriptor >= 0 else { return CURL_SOCKET_BAD }
        var patience = PeerRecord.unansweredTime
        guard
            setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &patience, socklen_t(MemoryLayout<UInt32>.size)) == 0
        else {
            let code = errno
            close(descriptor)
            errno = code
            return CURL_SOCKET_BAD
        }
        return descriptor
    }
}

extension IPAddress {
    /// The address in a socket's address; `nil` for other families. One of IPv4 within IPv6 is the one of IPv4.
    fileprivate init?(_ address: UnsafeMutablePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            self = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                IPAddress(v4: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
            }
        case AF_INET6:
            let (high, low) = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { value in
                withUnsafeBytes(of: &value.pointee.sin6_addr) { bytes in
                    (
                        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                    )
                }
            }
            self =
                high == 0 && low >> 32 == 0xFFFF
                ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
        default: return nil
        }
    }
}
