/// Which part of a client's address persistence looks at.
package enum PersistenceGranularity: Hashable, Sendable {
    /// An IPv4 mask in host byte order (0xFFFFFF00 groups clients by /24). Masks with holes are legal in the kernel.
    case mask(UInt32)
    /// An IPv6 prefix length, 1…128.
    case prefix(UInt32)

    /// Each client address on its own, the kernel's default.
    package static func single(_ family: AddressFamily) -> Self {
        family == .ipv4 ? .mask(.max) : .prefix(128)
    }

    /// The granularity with that prefix length: `24` is `255.255.255.0` for IPv4.
    package init?(prefixLength: Int, family: AddressFamily) {
        guard (1...family.bitWidth).contains(prefixLength) else { return nil }
        self = family == .ipv4 ? .mask(UInt32.max << UInt32(32 - prefixLength)) : .prefix(UInt32(prefixLength))
    }

    /// The prefix length; `nil` for an IPv4 mask with holes.
    package var prefixLength: Int? {
        switch self {
        case .mask(let mask): Self.prefixLength(of: mask)
        case .prefix(let length): Int(length)
        }
    }

    private static func prefixLength(of mask: UInt32) -> Int? {
        let length = (~mask).leadingZeroBitCount
        return mask.nonzeroBitCount == length ? length : nil
    }
}

extension PersistenceGranularity: CustomStringConvertible {
    /// As ipvsadm writes it: `255.255.255.0` or `64`.
    package var description: String {
        switch self {
        case .mask(let mask): IPAddress(v4: mask).description
        case .prefix(let length): "\(length)"
        }
    }
}
