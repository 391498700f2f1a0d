/// What a listing of the kernel's table (`/proc/net/ip_vs`) shows of a virtual server and its real servers, in 64 bits.
///
/// Equal fingerprints mean equal lines but for the connections. The order of the real servers does not count. A listing
/// does not show scheduler flags, persistence engines, thresholds and tunnel settings, nor one-packet scheduling of
/// IPv6: equal fingerprints say nothing of these.
package struct ListingFingerprint: Hashable, Sendable {
    private var value: UInt64

    /// - Parameters:
    ///   - onePacket: False where the listing does not show it.
    ///   - persistence: The timeout in seconds and the mask as a number; `nil` without persistence.
    package init(
        scheduler: some Sequence<UInt8>, onePacket: Bool, persistence: (timeout: UInt32, mask: UInt32)?
    ) {
        value = scheduler.reduce(onePacket ? 1 : 0) { ($0 &* 257) &+ UInt64($1) }
        if let persistence {
            value = Self.mix(value ^ Self.mix(UInt64(persistence.timeout) << 32 | UInt64(persistence.mask)))
        }
        value = Self.mix(value)
    }

    /// Takes in the line of one of the real servers, up to its connections (see ``ListingLine``).
    package mutating func add(line: RawSpan) {
        var hash: UInt64 = 0
        var offset = 0
        while offset + 8 <= line.byteCount {
            hash = Self.mix(hash ^ line.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        while offset < line.byteCount {
            hash = Self.mix(hash ^ UInt64(line.unsafeLoad(fromByteOffset: offset, as: UInt8.self)))
            offset += 1
        }
        // A sum, so that the order does not count.
        value &+= hash
    }

    /// A bijection that scatters neighbours (the finalizer of SplitMix64).
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension ListingFingerprint {
    /// What a listing would show of a virtual server that was looked at.
    package init(_ observed: ObservedVirtualServer) {
        let server = observed.virtualServer
        let persistence = server.persistence.map { persistence in
            switch persistence.granularity {
            case .mask(let mask): (timeout: persistence.timeout, mask: mask)
            case .prefix(let length): (timeout: persistence.timeout, mask: length)
            }
        }
        self.init(
            scheduler: server.scheduler.name.utf8, onePacket: server.onePacket && server.key.showsOnePacket,
            persistence: persistence)
        var line = ListingLine()
        for realServer in observed.realServers {
            line.set(realServer.realServer)
            add(line: line.bytes.span.bytes)
        }
    }
}

extension VirtualServerKey {
    fileprivate var showsOnePacket: Bool {
        if case .firewallMark = self { return true }
        return family == .ipv4
    }
}
