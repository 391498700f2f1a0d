/// A virtual server's own settings, without its real servers: one row of the kernel's service table.
package struct VirtualServer: Hashable, Sendable {
    package let key: VirtualServerKey
    package var scheduler: Scheduler
    package var persistence: Persistence?
    /// The persistence engine (`sip`); `nil` for the client's address. Without persistence it still serves connections
    /// that real servers begin.
    package var engine: String?
    /// Schedules each datagram on its own (UDP and firewall marks only).
    package var onePacket: Bool

    package init(
        _ key: VirtualServerKey, scheduler: Scheduler = Scheduler("wlc"), persistence: Persistence? = nil,
        engine: String? = nil, onePacket: Bool = false
    ) {
        self.key = key
        self.scheduler = scheduler
        self.persistence = persistence
        self.engine = engine
        self.onePacket = onePacket
    }

    /// The longest name of a persistence engine in bytes (`IP_VS_PENAME_MAXLEN` less the NUL).
    package static let maximumEngineLength = 15
}

/// A scheduler by its kernel name, with its flags.
///
/// Any name that the kernel takes is allowed: the known ones are only what `doctor` and messages speak of.
package struct Scheduler: Hashable, Sendable {
    /// At most 15 bytes (`IP_VS_SCHEDNAME_MAXLEN` less the NUL).
    package var name: String
    package var flags: SchedulerFlags

    package init(_ name: String, flags: SchedulerFlags = []) {
        self.name = name
        self.flags = flags
    }

    /// The longest name in bytes.
    package static let maximumNameLength = 15

    /// The schedulers of Linux 6.x (`net/netfilter/ipvs`), in the order of ipvsadm's manual; `twos` since 5.11.
    package static let knownNames = [
        "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos",
    ]
}

/// How a virtual server keeps a client on one real server.
package struct Persistence: Hashable, Sendable {
    /// Seconds that a client's template outlives its last connection.
    package var timeout: UInt32
    package var granularity: PersistenceGranularity

    package init(timeout: UInt32, granularity: PersistenceGranularity) {
        self.timeout = timeout
        self.granularity = granularity
    }

    /// What ipvsadm sets for `-p` without a value: 360 seconds, whatever its manual says of 300.
    package static let defaultTimeout: UInt32 = 360
    /// ipvsadm's limit: 31 days. The kernel multiplies by HZ in 32 bits.
    package static let maximumTimeout: UInt32 = 31 * 86_400
}

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

/// The three scheduler flags of a virtual server; their meaning depends on the scheduler.
///
/// Raw values are the kernel's (`IP_VS_SVC_F_SCHED1`…`3` in `<linux/ip_vs.h>`).
package struct SchedulerFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let flag1 = SchedulerFlags(rawValue: 0x8)
    package static let flag2 = SchedulerFlags(rawValue: 0x10)
    package static let flag3 = SchedulerFlags(rawValue: 0x20)
    package static let all: SchedulerFlags = [.flag1, .flag2, .flag3]

    /// Names by bit: `sh-fallback`, `sh-port`, `mh-fallback`, `mh-port` for their schedulers, `flag-1`…`flag-3` else.
    package func names(for scheduler: String) -> [String] {
        Self.table.filter { contains($0.flag) }.map { $0.name(for: scheduler) }
    }

    /// The flag of that name for that scheduler; `flag-1`…`flag-3` go with every scheduler.
    package init?(name: String, for scheduler: String) {
        guard let row = Self.table.first(where: { $0.generic == name || $0.name(for: scheduler) == name }) else {
            return nil
        }
        self = row.flag
    }

    /// All names that ``init(name:for:)`` takes for a scheduler, for error messages.
    package static func allNames(for scheduler: String) -> [String] {
        let particular = table.map { $0.name(for: scheduler) }
        return particular + table.map(\.generic).filter { !particular.contains($0) }
    }

    private struct Row: Sendable {
        let flag: SchedulerFlags
        let generic: String
        let suffix: String?

        func name(for scheduler: String) -> String {
            guard let suffix, scheduler == "sh" || scheduler == "mh" else { return generic }
            return "\(scheduler)-\(suffix)"
        }
    }

    private static let table = [
        Row(flag: .flag1, generic: "flag-1", suffix: "fallback"),
        Row(flag: .flag2, generic: "flag-2", suffix: "port"),
        Row(flag: .flag3, generic: "flag-3", suffix: nil),
    ]
}
