internal import NodeNetwork

// What 'network:' needs beside IPVS. Whoever does without it needs none of it: nothing here is a failure.
extension Diagnosis {
    static func dataPath(_ host: Host) -> [Finding] {
        let path = host.dataPath
        return [nft(path), nftables(path), settings(path), device(path), conntrack(host), kubeProxy(path)]
            .compactMap { $0 } + path.neighbours.map(neighbour)
    }

    private static func nft(_ path: HostDataPath) -> Finding {
        guard let nft = path.nft else {
            return Finding(
                "nft", .warning, "the program is missing: with 'network:', rules cannot be kept",
                remedy: "install the package nftables, or set network.firewall: false")
        }
        return Finding("nft", .ok, nft)
    }

    private static func nftables(_ path: HostDataPath) -> Finding {
        path.hasNFTables
            ? Finding("nf_tables", .ok, "the kernel answers")
            : Finding(
                "nf_tables", .warning, "the kernel has no nftables, or does not answer",
                remedy: "modprobe nf_tables, or run a kernel with CONFIG_NF_TABLES_INET")
    }

    private static func settings(_ path: HostDataPath) -> Finding {
        path.canChangeSettings
            ? Finding("/proc/sys", .ok, "writable")
            : Finding(
                "/proc/sys", .warning, "cannot be written: with 'network:', kernel settings cannot be made right",
                remedy: "run as root, with /proc/sys writable in a container, or set them yourself and "
                    + "network.sysctls: false")
    }

    private static func device(_ path: HostDataPath) -> Finding {
        let subject = "device \(VIPDevice.defaultName)"
        return switch path.device {
        case .missing: Finding(subject, .ok, "the name is free")
        case .ours: Finding(subject, .ok, "ours")
        case .foreign:
            Finding(
                subject, .warning, "somebody else made a device of that name",
                remedy: "remove it, or write another name as network.device")
        case nil:
            Finding(subject, .warning, "unknown: devices cannot be listed", remedy: "run ipvsync doctor as root")
        }
    }

    private static func conntrack(_ host: Host) -> Finding {
        if host.dataPath.tracksConnections { return Finding("conntrack", .ok, "loaded") }
        let module = "nf_conntrack"
        if host.loadedModules.contains(module) || host.installedModules?.contains(module) == true {
            return Finding("conntrack", .ok, "loaded when first used")
        }
        return Finding(
            "conntrack", .warning, "the kernel tracks no connections: nothing can be masqueraded",
            remedy: "modprobe nf_conntrack, or run a kernel with CONFIG_NF_CONNTRACK")
    }

    /// Another that may write the same table: what both declare, each takes back from the other.
    private static func neighbour(_ neighbour: TableNeighbour) -> Finding {
        Finding(
            neighbour.name, .warning,
            "\(neighbour) runs: what it keeps in the IPVS table, ipvsync must not declare too",
            remedy:
                "declare each virtual server in one of the two; keepalived without virtual_server blocks is no matter")
    }

    /// Another that writes the same tables, or what it has left.
    private static func kubeProxy(_ path: HostDataPath) -> Finding? {
        guard path.proxies.isEmpty else {
            return Finding(
                "kube-proxy", .warning,
                "runs (process \(path.proxies.map(String.init).joined(separator: ", "))): "
                    + "it may delete virtual servers of ours",
                remedy: "stop it and run ipvsync takeover, or list our addresses in its excludeCIDRs")
        }
        guard !path.leftovers.isEmpty else { return nil }
        return Finding(
            "kube-proxy", .warning, "has left " + path.leftovers.joined(separator: "; "),
            remedy: "run ipvsync takeover, with --dry-run first")
    }
}
