internal import Glibc

/// Whom connections count for.
enum ClientIdentity: Hashable {
    /// Whoever may open the Unix socket.
    case local
    case ipv4(UInt32)
    /// A network of 64 bits: whoever has one has all of its addresses (RFC 6177).
    case ipv6(UInt64)

    init(_ address: SocketAddress) {
        switch address.family {
        case AF_INET: self = .ipv4(address.ipv4)
        case AF_INET6:
            let (high, low) = address.ipv6
            // A socket for both families shows IPv4 addresses as ::ffff:192.0.2.1.
            self = high == 0 && low >> 32 == 0xFFFF ? .ipv4(UInt32(truncatingIfNeeded: low)) : .ipv6(high)
        default: self = .local
        }
    }
}
