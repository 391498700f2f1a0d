/// A file that people hand to an import, and that is none of ipvsadm's.
enum ForeignFormat: String {
    case keepalived = "a configuration of keepalived"
    case ldirectord = "a configuration of ldirectord"
    case listing = "what `ipvsadm -L` prints"
    case yaml = "YAML or JSON"
    case firewall = "a dump of iptables or nft"

    /// How many lines are looked at.
    private static let limit = 2000

    /// The format that the lines before the first rule show; `nil` for none of these.
    init?(_ lines: [Substring]) {
        for line in lines.prefix(Self.limit) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            guard !first.hasPrefix("-") || first == "---", !words.contains(where: { $0.hasSuffix("ipvsadm") }) else {
                return nil
            }
            if let format = Self.format(line, first) {
                self = format
                return
            }
        }
        return nil
    }

    var remedy: String {
        switch self {
        case .keepalived, .ldirectord:
            "let it fill the kernel's table, then `ipvsync import` on its node reads what it made"
        case .listing: "use the output of `ipvsadm -Sn`, or `ipvsync import` on the node itself"
        case .yaml: "hand ipvsync's own configuration to --config, and manifests to --manifests"
        case .firewall: "use the output of `ipvsadm -Sn`"
        }
    }

    private static func format(_ line: Substring, _ first: Substring) -> Self? {
        let name = String(first.prefix { $0 != "{" && $0 != "=" && $0 != ":" })
        if first.hasPrefix("!") || keepalivedBlocks.contains(name) { return .keepalived }
        if ldirectordSettings.contains(name), line.contains("=") { return .ldirectord }
        if line.hasPrefix("IP Virtual Server version") || line.hasPrefix("Prot LocalAddress:Port") { return .listing }
        if first == "---" || first.hasPrefix("{") || first.hasPrefix("[") || yamlKeys.contains(name) { return .yaml }
        if first == "table" || first == "*filter" || first == "*nat" || first == "*mangle" { return .firewall }
        return nil
    }

    private static let keepalivedBlocks: Set<String> = [
        "global_defs", "vrrp_instance", "vrrp_script", "vrrp_sync_group", "vrrp_track_process", "virtual_server",
        "virtual_server_group", "real_server", "static_ipaddress", "static_routes", "static_rules", "include", "SSL",
        "linkbeat_use_polling", "net_namespace", "instance", "bfd_instance", "track_file",
    ]

    private static let ldirectordSettings: Set<String> = [
        "checktimeout", "negotiatetimeout", "checkinterval", "checkcount", "failurecount", "autoreload", "callback",
        "fallback", "fallback6", "fallbackcommand", "logfile", "emailalert", "emailalertfrom", "emailalertfreq",
        "emailalertstatus", "smtp", "execute", "supervised", "fork", "quiescent", "readdquiescent", "cleanstop",
        "maintenancedir", "virtual", "virtual6",
    ]

    private static let yamlKeys: Set<String> = [
        "apiVersion", "kind", "items", "metadata", "virtualServers", "defaults", "services", "settings", "timeouts",
    ]
}
