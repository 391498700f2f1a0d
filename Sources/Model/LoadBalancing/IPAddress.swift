/// An IPv4 or IPv6 address, held as two integers so that it hashes and compares without a heap allocation.
///
/// The value is numeric: an IPv4 address occupies the low 32 bits of ``low``.
package struct IPAddress: Hashable, Sendable {
    /// The upper 64 bits of an IPv6 address; 0 for IPv4.
    package let high: UInt64
    /// The lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
    package let low: UInt64
    package let family: AddressFamily

    /// An IPv4 address from its numeric value: `10.0.0.1` is `0x0A000001`.
    package init(v4 value: UInt32) {
        high = 0
        low = UInt64(value)
        family = .ipv4
    }

    /// An IPv6 address from its numeric halves: `2001:db8::1` is `0x20010DB8_00000000`, `1`.
    package init(v6High high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        family = .ipv6
    }

    /// The numeric value of an IPv4 address (the low 32 bits of any other).
    package var v4Value: UInt32 { UInt32(truncatingIfNeeded: low) }

    /// `0.0.0.0` or `::`, which IPVS takes for "no address".
    package var isUnspecified: Bool { high == 0 && low == 0 }

    /// Whether this is a multicast address (224.0.0.0/4 or ff00::/8).
    package var isMulticast: Bool {
        family == .ipv4 ? low >> 28 == 0xE : high >> 56 == 0xFF
    }
}

extension IPAddress: Comparable {
    /// IPv4 before IPv6, then by numeric value.
    package static func < (left: Self, right: Self) -> Bool {
        if left.family != right.family { return left.family < right.family }
        if left.high != right.high { return left.high < right.high }
        return left.low < right.low
    }
}

/// The IP version of a virtual server or a real server.
package enum AddressFamily: UInt8, Hashable, Sendable, Comparable, CaseIterable {
    case ipv4
    case ipv6

    /// `IPv4` or `IPv6`, as people and Kubernetes write it.
    package var label: String { self == .ipv4 ? "IPv4" : "IPv6" }

    /// The length of an address in bits: 32 or 128.
    package var bitWidth: Int { self == .ipv4 ? 32 : 128 }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension AddressFamily: CustomStringConvertible {
    /// `ipv4` or `ipv6`, as the configuration spells it.
    package var description: String { self == .ipv4 ? "ipv4" : "ipv6" }
}

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
