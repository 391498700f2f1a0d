import TemporaryFiles

/// A folder in the place of /proc/sys, removed at the end.
final class TemporarySysctls {
    private let folder: TemporaryFolder
    var root: String { folder.path }

    private static let standard = [
        "net/ipv4/vs/conntrack": "0", "net/ipv4/vs/expire_nodest_conn": "0",
        "net/ipv4/vs/expire_quiescent_template": "0", "net/ipv4/vs/sloppy_tcp": "0",
        "net/ipv4/vs/sloppy_sctp": "0", "net/ipv4/ip_forward": "1",
        "net/ipv6/conf/all/forwarding": "0", "net/ipv4/conf/all/arp_ignore": "0",
        "net/ipv4/conf/all/arp_announce": "0", "net/netfilter/nf_conntrack_max": "1000",
        "net/netfilter/nf_conntrack_buckets": "250",
        "net/netfilter/nf_conntrack_tcp_timeout_established": "432000",
        "net/netfilter/nf_conntrack_tcp_timeout_close_wait": "60",
    ]

    init() throws {
        folder = try TemporaryFolder()
        for (key, value) in Self.standard { try folder.write("\(value)\n", to: key) }
    }

    /// The value of a setting; without one, there is no such setting.
    subscript(key: String) -> String? {
        get { folder.text(of: key).map { String($0.prefix { $0 != "\n" }) } }
        set {
            guard let newValue else { return folder.remove(key) }
            _ = try? folder.write("\(newValue)\n", to: key)
        }
    }
}
