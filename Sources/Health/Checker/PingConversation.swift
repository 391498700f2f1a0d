internal import CSystem
internal import Glibc
internal import HealthChecks
internal import LoadBalancing

/// An echo request and its reply (RFC 792, RFC 4443).
struct PingConversation: Conversation {
    let isStream = false
    private let family: AddressFamily
    private let token: [UInt8]
    private let identifier: UInt16

    init(_ family: AddressFamily) {
        self.family = family
        var generator = SystemRandomNumberGenerator()
        token = (0..<24).map { _ in UInt8.random(in: 0...255, using: &generator) }
        identifier = UInt16.random(in: 1...UInt16.max, using: &generator)
    }

    mutating func open() -> Step {
        var writer = WireWriter()
        writer.put(family == .ipv4 ? UInt8(8) : 128)
        writer.put(UInt8(0))
        writer.put(UInt16(0))
        // A socket of the datagram kind puts its own identifier here, and a checksum.
        writer.put(identifier)
        writer.put(UInt16(1))
        var message = writer.bytes + token
        guard family == .ipv4 else { return .send(message) }
        let sum = Self.checksum(message)
        message[2] = UInt8(sum >> 8)
        message[3] = UInt8(truncatingIfNeeded: sum)
        return .send(message)
    }

    mutating func receive(_ bytes: ArraySlice<UInt8>) -> Step {
        var message = bytes
        // A raw socket of IPv4 gets the packet with its header.
        if family == .ipv4, let first = message.first, first >> 4 == 4 {
            message = message.dropFirst(Int(first & 0xF) * 4)
        }
        let reply: UInt8 = family == .ipv4 ? 0 : 129
        // The random token tells the answer to this request from every other message.
        guard message.first == reply, message.dropFirst(8).elementsEqual(token) else { return .wait }
        return .over(.up("echo reply"))
    }

    /// RFC 1071.
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count - 1, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum >> 16 != 0 { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    /// A socket for it: one that every user may have where the node lets them, else a raw one.
    static func openSocket(_ check: ServerCheck, _ target: Endpoint) throws(ProbeSocket.Failure) -> Int32 {
        let family = target.address.family
        let transport = Int32(family == .ipv4 ? IPPROTO_ICMP : Int(IPPROTO_ICMPV6))
        do throws(ProbeSocket.Failure) {
            return try ProbeSocket.open(family, SOCK_DGRAM, transport, for: check)
        } catch {
            return try ProbeSocket.open(family, SOCK_RAW, transport, for: check)
        }
    }
}
