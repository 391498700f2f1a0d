/// The line of a real server in a listing, up to its connections, exactly as the kernel writes it
/// (`ip_vs_info_seq_show`): `  -> C6336401:1F90      Masq    1      `.
///
/// Comparing text with text spares parsing it, which for a whole table would cost more than all else.
package struct ListingLine {
    package private(set) var bytes: [UInt8] = []

    /// The two columns that follow, with a space between them: active and inactive connections (`%-10d %-10d`).
    package static let connectionColumns = 21

    package init() { bytes.reserveCapacity(80) }

    /// Writes the line of a real server in the place of the last one.
    package mutating func set(_ server: RealServer) {
        bytes.removeAll(keepingCapacity: true)
        let address = server.endpoint.address
        append("  -> ")
        if address.family == .ipv6 {
            append("[")
            appendGroups(address.high)
            append(":")
            appendGroups(address.low)
            append("]")
        } else {
            append(address.low, digits: 8, uppercase: true)
        }
        append(":")
        append(UInt64(server.endpoint.port), digits: 4, uppercase: true)
        append("      ")
        append(server.forwarding.listedName, width: 7)
        append(" ")
        append(String(server.weight), width: 6)
        append(" ")
    }

    private mutating func append(_ text: String, width: Int = 0) {
        bytes += text.utf8
        for _ in 0..<max(0, width - text.utf8.count) { bytes.append(UInt8(ascii: " ")) }
    }

    /// Four groups of four digits, in lower case as the kernel writes IPv6 addresses.
    private mutating func appendGroups(_ half: UInt64) {
        for group in 0..<4 {
            if group > 0 { append(":") }
            append(half >> UInt64(48 - 16 * group) & 0xFFFF, digits: 4, uppercase: false)
        }
    }

    private mutating func append(_ number: UInt64, digits: Int, uppercase: Bool) {
        let letters = uppercase ? UInt8(ascii: "A") : UInt8(ascii: "a")
        for position in (0..<digits).reversed() {
            let digit = UInt8(number >> UInt64(4 * position) & 0xF)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : letters + digit - 10)
        }
    }
}

extension ForwardingMethod {
    /// The kernel's word (`ip_vs_fwd_name`), which knows only three beside masquerading.
    fileprivate var listedName: String {
        switch self {
        case .masquerade, .bypass, .other: "Masq"
        case .direct: "Route"
        case .tunnel: "Tunnel"
        case .local: "Local"
        }
    }
}

/// A virtual server as a listing of the whole table shows it.
///
/// A listing does not tell the address family of a firewall mark: the key of one always says IPv4 here.
package struct ListedVirtualServer: Hashable, Sendable {
    package let key: VirtualServerKey
    package var fingerprint: ListingFingerprint
    /// How many real servers it has.
    package var realServers: Int

    package init(key: VirtualServerKey, fingerprint: ListingFingerprint, realServers: Int = 0) {
        self.key = key
        self.fingerprint = fingerprint
        self.realServers = realServers
    }
}

extension ListedVirtualServer {
    /// How a listing would show a virtual server that was looked at.
    package init(_ observed: ObservedVirtualServer) {
        let key: VirtualServerKey =
            switch observed.key {
            case .firewallMark(let mark, _): .firewallMark(mark, .ipv4)
            case .endpoint, .otherProtocol: observed.key
            }
        self.init(key: key, fingerprint: ListingFingerprint(observed), realServers: observed.realServers.count)
    }
}
