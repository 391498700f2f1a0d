/// The IP version of a virtual server or a real server.
package enum AddressFamily: UInt8, Hashable, Sendable, Comparable, CaseIterable {
    case ipv4
    case ipv6

    /// The length of an address in bits: 32 or 128.
    package var bitWidth: Int { self == .ipv4 ? 32 : 128 }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

extension AddressFamily: CustomStringConvertible {
    /// `ipv4` or `ipv6`, as the configuration spells it.
    package var description: String { self == .ipv4 ? "ipv4" : "ipv6" }
}
