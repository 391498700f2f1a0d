import LoadBalancing

/// A `virtual_server_group`: what stands for its name.
struct KeepalivedGroup {
    enum Member {
        case endpoint(Endpoint)
        case firewallMark(UInt32, AddressFamily?)
    }

    /// More virtual servers than this are a range that was not meant.
    static let maximumCount = 10_000

    private(set) var members: [Member] = []

    init(_ statement: KeepalivedStatement, _ findings: Findings) {
        for entry in statement.statements {
            if entry.keyword == "fwmark" {
                guard let mark = entry.number(1...UInt32.max, findings) else { continue }
                let family = entry.words.count > 2 ? AddressFamily(keepalived: entry.words[2]) : nil
                if entry.words.count > 2, family == nil {
                    findings.report(
                        entry.place, "fwmark \(mark) is of the family \(entry.shown(2))", "write inet or inet6")
                }
                members.append(.firewallMark(mark, family))
            } else if let port = entry.port(at: 1, findings) {
                add(entry, port, findings)
            }
        }
        if members.isEmpty {
            findings.report(
                statement.place, "the group \(statement.shown(1)) has no members", "write an address and a port")
        }
    }

    private mutating func add(_ entry: KeepalivedStatement, _ port: UInt16, _ findings: Findings) {
        guard let range = Self.range(entry.keyword) else {
            findings.report(
                entry.place, "\(entry.shown(0)) is no address and no range of addresses",
                "write 192.0.2.1, 192.0.2.1-10, 192.0.2.250-192.0.3.10 or 192.0.2.8/29")
            return
        }
        var address = range.first
        while members.count < Self.maximumCount {
            members.append(.endpoint(Endpoint(address, port: port)))
            guard address != range.last, let next = address.next else { return }
            address = next
        }
        findings.report(
            entry.place, "the group has more than \(Self.maximumCount) addresses",
            "mark their packets in the firewall, and write `virtual_server fwmark`")
    }

    /// The first and the last address of `A`, `A-D`, `A-B` or `A/LENGTH`.
    private static func range(_ text: String) -> (first: IPAddress, last: IPAddress)? {
        if text.contains("/") {
            guard let network = IPPrefix(text) else { return nil }
            // keepalived refuses an address with bits beyond the mask.
            guard IPAddress(text.prefix { $0 != "/" }) == network.address else { return nil }
            return (network.address, network.lastAddress)
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = parts.first.flatMap({ IPAddress($0) }), parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return (first, first) }
        let last = IPAddress(parts[1]) ?? first.replacingLast(parts[1])
        guard let last, last.family == first.family, first <= last else { return nil }
        return (first, last)
    }
}

extension AddressFamily {
    /// `inet` or `inet6`.
    init?(keepalived name: String) {
        switch name {
        case "inet": self = .ipv4
        case "inet6": self = .ipv6
        default: return nil
        }
    }
}

extension IPAddress {
    /// The address after it; `nil` after the last one.
    var next: IPAddress? {
        if family == .ipv4 { return v4Value == .max ? nil : IPAddress(v4: v4Value + 1) }
        if low < .max { return IPAddress(v6High: high, low: low + 1) }
        return high == .max ? nil : IPAddress(v6High: high + 1, low: 0)
    }

    /// The address with another last byte (IPv4, decimal) or last group (IPv6, hexadecimal).
    fileprivate func replacingLast(_ text: Substring) -> IPAddress? {
        guard text.first != "+" else { return nil }
        if family == .ipv4 { return UInt8(text).map { IPAddress(v4: v4Value & ~0xFF | UInt32($0)) } }
        return UInt16(text, radix: 16).map { IPAddress(v6High: high, low: low & ~0xFFFF | UInt64($0)) }
    }
}
