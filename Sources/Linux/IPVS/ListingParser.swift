internal import Glibc
internal import LoadBalancing

/// Puts the lines of a listing together to virtual servers.
struct ListingParser {
    private(set) var found: [ListedVirtualServer] = []
    private let ticksPerSecond: UInt32

    init(ticksPerSecond: UInt32) { self.ticksPerSecond = ticksPerSecond }

    /// Reads a line without its end; `false` if it makes no sense.
    mutating func parse(_ line: Span<UInt8>) -> Bool {
        // All virtual servers begin with the name of a protocol, or of a firewall mark.
        if line.count > 0, line[0] == UInt8(ascii: " ") { return takeRealServer(line) }
        var cursor = ListingCursor(line)
        return takeVirtualServer(&cursor)
    }

    /// `TCP  C0000201:0050 wlc persistent 360000 FFFFFFFF`, or `FWM  0000002A rr`
    private mutating func takeVirtualServer(_ cursor: inout ListingCursor) -> Bool {
        guard let key = Self.key(&cursor), cursor.skipSpaces() else { return false }
        let scheduler = cursor.word()
        guard !scheduler.isEmpty else { return false }
        _ = cursor.skipSpaces()
        let onePacket = cursor.skip("ops")
        _ = cursor.skipSpaces()
        var persistence: (timeout: UInt32, mask: UInt32)?
        if cursor.skip("persistent ") {
            guard let ticks = Self.ticks(&cursor), cursor.skipSpaces(), let mask = cursor.hexadecimal(digits: 8) else {
                return false
            }
            persistence = (seconds(ticks), key.family == .ipv4 ? UInt32(mask) : UInt32(mask).byteSwapped)
        }
        guard cursor.isAtEnd else { return false }
        found.append(
            ListedVirtualServer(
                key: key,
                fingerprint: ListingFingerprint(scheduler: scheduler, onePacket: onePacket, persistence: persistence)))
        return true
    }

    /// `  -> C6336401:1F90      Masq    1      0          0         `
    private mutating func takeRealServer(_ line: Span<UInt8>) -> Bool {
        let shown = line.count - ListingLine.connectionColumns
        guard shown > 0, line[shown - 1] == UInt8(ascii: " "), let last = found.indices.last else { return false }
        found[last].fingerprint.add(line: line.extracting(first: shown).bytes)
        found[last].realServers += 1
        return true
    }

    /// The kernel shows its 32 bits as a signed number, so a long timeout is negative.
    private static func ticks(_ cursor: inout ListingCursor) -> UInt64? {
        let isNegative = cursor.skip("-")
        guard let number = cursor.decimal() else { return nil }
        return isNegative ? UInt64(UInt32(truncatingIfNeeded: 0 &- number)) : number
    }

    /// Ticks that are no whole seconds match no timeout: such a virtual server is looked at more closely.
    private func seconds(_ ticks: UInt64) -> UInt32 {
        guard ticksPerSecond > 0, ticks % UInt64(ticksPerSecond) == 0 else { return .max }
        return UInt32(clamping: ticks / UInt64(ticksPerSecond))
    }

    private static func key(_ cursor: inout ListingCursor) -> VirtualServerKey? {
        if cursor.skip("FWM  ") { return cursor.hexadecimal(digits: 8).map { .firewallMark(UInt32($0), .ipv4) } }
        guard let number = protocolNumber(&cursor), cursor.skipSpaces(), let endpoint = cursor.endpoint() else {
            return nil
        }
        return VirtualServerKey(protocolNumber: number, endpoint)
    }

    /// A name of the kernel's (`ip_vs_proto_name`), or `IP_47`.
    private static func protocolNumber(_ cursor: inout ListingCursor) -> UInt16? {
        if cursor.skip("TCP") { return UInt16(IPPROTO_TCP) }
        if cursor.skip("UDP") { return UInt16(IPPROTO_UDP) }
        if cursor.skip("SCTP") { return UInt16(IPPROTO_SCTP) }
        if cursor.skip("ICMPv6") { return UInt16(IPPROTO_ICMPV6) }
        if cursor.skip("ICMP") { return UInt16(IPPROTO_ICMP) }
        if cursor.skip("IP_") { return cursor.decimal().flatMap(UInt16.init(exactly:)) }
        return cursor.skip("IP") ? UInt16(IPPROTO_IP) : nil
    }
}
