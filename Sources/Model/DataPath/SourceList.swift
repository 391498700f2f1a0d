package import LoadBalancing

/// The addresses of one family from which some virtual servers may be used; without any, nobody may.
///
/// A list is known by what it holds: two lists of the same addresses are one list, however their networks were written
/// and whoever wrote them. So a list costs the node once, whatever the number of virtual servers that it guards.
package struct SourceList: Sendable {
    package let family: AddressFamily
    /// Sorted, none of them touching another.
    package let ranges: [ClosedRange<IPAddress>]
    /// The first 128 bits of a SHA-256 over the ranges.
    private let digest: (high: UInt64, low: UInt64)

    /// The networks of that family; those of the other are passed over.
    package init(_ family: AddressFamily, _ networks: some Sequence<IPPrefix>) {
        self.init(family, merging: networks.map { $0.address...$0.lastAddress })
    }

    /// The ranges of that family, in any order; those of the other are passed over.
    package init(_ family: AddressFamily, merging ranges: [ClosedRange<IPAddress>]) {
        var merged: [ClosedRange<IPAddress>] = []
        let own = ranges.filter { $0.lowerBound.family == family && $0.upperBound.family == family }
        for range in own.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard let last = merged.last, last.upperBound.next.map({ range.lowerBound <= $0 }) ?? true else {
                merged.append(range)
                continue
            }
            merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
        }
        self.family = family
        self.ranges = merged
        var bytes = [family.rawValue]
        bytes.reserveCapacity(1 + merged.count * 2 * (family == .ipv4 ? 4 : 16))
        for range in merged {
            range.lowerBound.appendBytes(to: &bytes)
            range.upperBound.appendBytes(to: &bytes)
        }
        digest = SHA256.prefix(of: bytes)
    }

    /// Nobody.
    package static func none(_ family: AddressFamily) -> SourceList { SourceList(family, merging: []) }

    package var isEmpty: Bool { ranges.isEmpty }

    /// 32 hexadecimal digits that tell this list from all others.
    package var name: String {
        [digest.high, digest.low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Whether a connection may come from there.
    package func contains(_ address: IPAddress) -> Bool { ranges.contains { $0.contains(address) } }
}

extension SourceList: Hashable {
    package static func == (left: SourceList, right: SourceList) -> Bool {
        left.digest == right.digest && left.family == right.family
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(digest.high)
        hasher.combine(digest.low)
    }
}

extension SourceList: Comparable {
    /// By family, then by name: an order that does not depend on hashing.
    package static func < (left: SourceList, right: SourceList) -> Bool {
        (left.family, left.digest.high, left.digest.low) < (right.family, right.digest.high, right.digest.low)
    }
}

extension IPAddress {
    /// The address after this one; `nil` for the last one.
    package var next: IPAddress? {
        switch family {
        case .ipv4: v4Value == .max ? nil : IPAddress(v4: v4Value + 1)
        case .ipv6:
            low == .max
                ? (high == .max ? nil : IPAddress(v6High: high + 1, low: 0)) : IPAddress(v6High: high, low: low + 1)
        }
    }

    /// The address before this one; `nil` for the first one.
    package var previous: IPAddress? {
        switch family {
        case .ipv4: v4Value == 0 ? nil : IPAddress(v4: v4Value - 1)
        case .ipv6:
            low == 0
                ? (high == 0 ? nil : IPAddress(v6High: high - 1, low: .max)) : IPAddress(v6High: high, low: low - 1)
        }
    }

    /// 4 or 16 bytes, the most significant one first.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        appendBytes(to: &bytes)
        return bytes
    }

    fileprivate func appendBytes(to bytes: inout [UInt8]) {
        func append(_ half: UInt64, _ count: UInt64) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: half >> (56 - 8 * index))) }
        }
        if family == .ipv4 {
            append(UInt64(v4Value) << 32, 4)
        } else {
            append(high, 8)
            append(low, 8)
        }
    }
}
