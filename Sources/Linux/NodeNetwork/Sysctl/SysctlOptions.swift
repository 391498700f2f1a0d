internal import Glibc

/// What a service proxy needs of the kernel's settings beyond what it always needs.
package struct SysctlOptions: Hashable, Sendable {
    /// Whether there are IPv6 addresses of Services.
    package var usesIPv6: Bool
    /// Whether the node answers for an address only on the device that has it, as load balancers that announce
    /// addresses by ARP need it.
    package var strictARP: Bool
    /// Whether a packet of a TCP or SCTP connection that was not seen from its beginning goes to a real server, as
    /// directors that stand in for each other without sharing connections need it.
    package var servesUnseenConnections: Bool
    /// The fewest connections that the kernel shall be able to track; `nil` to leave it alone. Never lowered.
    package var conntrackMinimum: Int?
    /// How long an established TCP connection without packets is tracked, in seconds; `nil` to leave it alone.
    package var tcpEstablishedTimeout: Int?
    /// How long a TCP connection that only the other side has closed is tracked, in seconds; `nil` to leave it alone.
    package var tcpCloseWaitTimeout: Int?

    package init(
        usesIPv6: Bool = false, strictARP: Bool = false, servesUnseenConnections: Bool = false,
        conntrackMinimum: Int? = nil,
        tcpEstablishedTimeout: Int? = nil, tcpCloseWaitTimeout: Int? = nil
    ) {
        self.usesIPv6 = usesIPv6
        self.strictARP = strictARP
        self.servesUnseenConnections = servesUnseenConnections
        self.conntrackMinimum = conntrackMinimum
        self.tcpEstablishedTimeout = tcpEstablishedTimeout
        self.tcpCloseWaitTimeout = tcpCloseWaitTimeout
    }

    /// The settings for a kernel of that version (`Documentation/networking/ipvs-sysctl.rst`), in the order in which to
    /// set them.
    ///
    /// With `net.ipv6.conf.all.forwarding` the kernel takes no more router advertisements, unless a device's
    /// `accept_ra` is 2: a node that has its default route from them loses it when it runs out. So it is wanted only
    /// where IPv6 is used, and a plan leaves it alone where it is on already.
    ///
    /// - Parameter kernel: `nil` when unknown; it is taken for a recent one then.
    package func wanted(kernel: KernelVersion?) -> [Sysctl] {
        always + connectionReuse(kernel) + (servesUnseenConnections ? Self.unseenConnections : []) + forwarding
            + (strictARP ? Self.strictARPSettings : []) + tracking
    }

    private var always: [Sysctl] {
        [
            Sysctl("net/ipv4/vs/conntrack", "1"),
            Sysctl("net/ipv4/vs/expire_nodest_conn", "1"),
            Sysctl("net/ipv4/vs/expire_quiescent_template", "1"),
        ]
    }

    /// From 4.1 to 5.8, any other mode delays a reused client port by a second when connections are tracked.
    private func connectionReuse(_ kernel: KernelVersion?) -> [Sysctl] {
        guard let kernel else { return [] }
        let number = (kernel.major, kernel.minor)
        return number >= (4, 1) && number <= (5, 8) ? [Sysctl("net/ipv4/vs/conn_reuse_mode", "0")] : []
    }

    private var forwarding: [Sysctl] {
        [Sysctl("net/ipv4/ip_forward", "1")] + (usesIPv6 ? [Sysctl("net/ipv6/conf/all/forwarding", "1")] : [])
    }

    private static let unseenConnections = [
        Sysctl("net/ipv4/vs/sloppy_tcp", "1"), Sysctl("net/ipv4/vs/sloppy_sctp", "1"),
    ]

    private static let strictARPSettings = [
        Sysctl("net/ipv4/conf/all/arp_ignore", "1"), Sysctl("net/ipv4/conf/all/arp_announce", "2"),
    ]

    /// The kernel rounds buckets up to whole pages, of 64 KiB at most: what is set then reads back as it was written.
    private static let bucketStep = (64 << 10) / 8

    private var tracking: [Sysctl] {
        var settings: [Sysctl] = []
        if let conntrackMinimum {
            settings.append(Sysctl("net/netfilter/nf_conntrack_max", "\(conntrackMinimum)", .atLeast))
            // Else the entries would stand in long rows, to be walked for every packet.
            let buckets = (conntrackMinimum / 4 + Self.bucketStep - 1) / Self.bucketStep * Self.bucketStep
            settings.append(Sysctl("net/netfilter/nf_conntrack_buckets", "\(buckets)", .atLeast))
        }
        if let tcpEstablishedTimeout {
            settings.append(Sysctl("net/netfilter/nf_conntrack_tcp_timeout_established", "\(tcpEstablishedTimeout)"))
        }
        if let tcpCloseWaitTimeout {
            settings.append(Sysctl("net/netfilter/nf_conntrack_tcp_timeout_close_wait", "\(tcpCloseWaitTimeout)"))
        }
        return settings
    }
}

/// The release of a running kernel.
package struct KernelVersion: Hashable, Sendable, Comparable {
    package let major: Int
    package let minor: Int
    /// As the kernel prints it: `6.1.0-56-amd64`.
    package let release: String

    /// Reads a release such as `6.1.0-56-amd64`.
    package init?(release: String) {
        let numbers = release.split(separator: ".", maxSplits: 2).map { $0.prefix { $0.isNumber } }
        guard numbers.count >= 2, let major = Int(numbers[0]), let minor = Int(numbers[1]) else { return nil }
        self.major = major
        self.minor = minor
        self.release = release
    }

    /// The kernel that runs; `nil` if its release cannot be read.
    package static var running: KernelVersion? {
        var names = utsname()
        guard uname(&names) == 0 else { return nil }
        let release = withUnsafeBytes(of: &names.release) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return KernelVersion(release: release)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
