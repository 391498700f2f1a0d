/// What an address is when it is not that of one station that others can reach.
///
/// Only what the address itself tells (RFC 6890, RFC 4291): the broadcast addresses of networks are not among them.
package enum SpecialAddress: String, Hashable, Sendable, CaseIterable {
    /// `0.0.0.0` and `::`.
    case unspecified = "the unspecified address"
    /// `127.0.0.0/8` and `::1`.
    case loopback = "a loopback address"
    /// `169.254.0.0/16`, where clouds have their metadata, and `fe80::/10`.
    case linkLocal = "a link-local address"
    /// `224.0.0.0/4` and `ff00::/8`.
    case multicast = "a multicast address"
    /// `255.255.255.255`.
    case broadcast = "the broadcast address"
    /// `::ffff:0:0/96` and `::/96`: on the wire there is no such IPv6 address.
    case mapped = "an IPv4 address written as an IPv6 one"
}

extension IPAddress {
    /// What kind of special address it is; `nil` for an ordinary one.
    package var special: SpecialAddress? {
        if isUnspecified { return .unspecified }
        if isMulticast { return .multicast }
        switch family {
        case .ipv4:
            if low >> 24 == 127 { return .loopback }
            if low >> 16 == 0xA9FE { return .linkLocal }
            return low == 0xFFFF_FFFF ? .broadcast : nil
        case .ipv6:
            if high >> 54 == 0x3FA { return .linkLocal }
            guard high == 0 else { return nil }
            if low == 1 { return .loopback }
            return low >> 32 == 0xFFFF || low >> 32 == 0 ? .mapped : nil
        }
    }
}
