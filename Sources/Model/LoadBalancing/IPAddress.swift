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
