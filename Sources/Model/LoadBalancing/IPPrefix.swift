/// A network: an address and how many of its leading bits count.
package struct IPPrefix: Hashable, Sendable {
    /// The network's address, the other bits zero.
    package let address: IPAddress
    package let length: Int

    /// The network of that length around an address; `nil` for a length beyond the family's.
    package init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitWidth).contains(length) else { return nil }
        self.address = address.masked(to: length)
        self.length = length
    }

    /// The network of one address.
    package init(_ address: IPAddress) {
        self.address = address
        length = address.family.bitWidth
    }

    /// Reads `10.0.0.0/8` or `2001:db8::/32`; an address alone is a network of one.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1])
        else { return nil }
        self.init(address, length: length)
    }

    /// The network's last address: the other bits one.
    package var lastAddress: IPAddress { address.filled(from: length) }

    /// Whether the address is of this family and in this network.
    package func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && other.masked(to: length) == address
    }

    /// Whether the network is one address.
    package var isSingleAddress: Bool { length == address.family.bitWidth }
}

extension IPPrefix: Comparable {
    /// By address, the wider network first.
    package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        left.address == right.address ? left.length < right.length : left.address < right.address
    }
}

extension Sequence<IPPrefix> {
    /// Those that lie in no other one, sorted and once each. Two networks are apart, or one holds the other.
    package var outermost: [IPPrefix] {
        var kept: [IPPrefix] = []
        for network in sorted() where kept.last?.contains(network.address) != true { kept.append(network) }
        return kept
    }
}

extension IPPrefix: CustomStringConvertible {
    /// `10.0.0.0/8`.
    package var description: String { "\(address)/\(length)" }
}

extension IPAddress {
    /// The address with only its leading bits kept; `length` lies within the family's width.
    fileprivate func masked(to length: Int) -> IPAddress {
        if family == .ipv4 { return IPAddress(v4: v4Value & UInt32(truncatingIfNeeded: Self.leadingOnes(length + 32))) }
        return IPAddress(v6High: high & Self.leadingOnes(length), low: low & Self.leadingOnes(length - 64))
    }

    /// The address with all but its leading bits one.
    fileprivate func filled(from length: Int) -> IPAddress {
        if family == .ipv4 {
            return IPAddress(v4: v4Value | ~UInt32(truncatingIfNeeded: Self.leadingOnes(length + 32)))
        }
        return IPAddress(v6High: high | ~Self.leadingOnes(length), low: low | ~Self.leadingOnes(length - 64))
    }

    /// A mask of that many leading ones, cut to what fits 64 bits.
    private static func leadingOnes(_ count: Int) -> UInt64 {
        count <= 0 ? 0 : count >= 64 ? .max : .max << UInt64(64 - count)
    }
}

/// Which addresses Services may ask for in one of their fields, as far as the node's configuration says.
package enum AddressAllowance: Hashable, Sendable {
    /// Every one that no Service is refused anyway.
    case any
    case none
    /// Those in the networks; a namespace that is named has its own list in their place.
    case networks([IPPrefix], namespaces: [String: [IPPrefix]] = [:])

    /// Whether Services of the namespace may take the address.
    package func allows(_ address: IPAddress, namespace: String) -> Bool {
        switch self {
        case .any: true
        case .none: false
        case .networks(let networks, let namespaces):
            (namespaces[namespace] ?? networks).contains { $0.contains(address) }
        }
    }
}
