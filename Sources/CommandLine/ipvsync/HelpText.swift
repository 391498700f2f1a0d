/// Parts that the help of several commands shares. Each line has at most 79 columns, with the indentation: what is
/// wider, the parser breaks on a terminal of 80. The reference and the man pages are made of the same texts.
enum HelpText {
    /// A column of names and one of what they mean.
    static func list(_ title: String, width: Int, _ rows: [(name: String, meaning: String)]) -> String {
        rows.reduce("\(title):") { text, row in
            let gap = String(repeating: " ", count: max(1, width - row.name.count))
            return text + "\n  \(row.name)\(gap)\(row.meaning)"
        }
    }

    /// A section with the beginning of what `--output json` prints.
    static func sample(_ json: String) -> String {
        "SAMPLE OF --output json:\n"
            + json.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    }

    /// Breaks the line of a message that shows how a command is used, which the parser leaves as long as it is.
    static func foldingUsage(of message: String, width: Int = 79) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix("USAGE: ") || line.hasPrefix("Usage: ") else { return String(line) }
            return fold(line, width)
        }.joined(separator: "\n")
    }

    private static func fold(_ line: Substring, _ width: Int) -> String {
        var lines: [String] = []
        var current = ""
        for word in usageWords(line) {
            if !current.isEmpty, current.count + 1 + word.count > width {
                lines.append(current)
                current = String(repeating: " ", count: "USAGE: ".count) + word
            } else {
                current += current.isEmpty ? word : " \(word)"
            }
        }
        return (lines + [current]).joined(separator: "\n")
    }

    /// Words of a usage line; what stands in brackets is one.
    private static func usageWords(_ line: Substring) -> [String] {
        var words: [String] = []
        var depth = 0
        for word in line.split(separator: " ") {
            if depth > 0 { words[words.count - 1] += " \(word)" } else { words.append(String(word)) }
            depth += word.count { $0 == "[" } - word.count { $0 == "]" }
        }
        return words
    }
}

/// Files that commands read and write, for their help.
enum HelpFile: CaseIterable {
    case configuration
    case ledger, record, health, overrides, lock, socket
    case settings, nft, leftovers, token

    /// The section of a command's help.
    static func help(_ files: Self...) -> String { help(files) }

    static func help(_ files: [Self]) -> String {
        let note = files.contains(where: \.isOfNamespace) ? "\n  N is the number of the network namespace." : ""
        return HelpText.list("FILES", width: 26, files.map { ($0.path, $0.meaning) }) + note
    }

    /// Whether there is one for each network namespace, in `--state-dir`.
    private var isOfNamespace: Bool { path.contains("-N") }

    private var path: String {
        switch self {
        case .configuration: "/etc/ipvsync"
        case .ledger: "/run/ipvsync/ledger-N"
        case .record: "/run/ipvsync/network-N"
        case .health: "/run/ipvsync/health-N"
        case .overrides: "/run/ipvsync/overrides-N"
        case .lock: "/run/ipvsync/lock-N"
        case .socket: "/run/ipvsync/agent-N.sock"
        case .settings: "/proc/sys/net"
        case .nft: "/usr/sbin/nft"
        case .leftovers: "/usr/sbin"
        case .token: "/var/run/secrets"
        }
    }

    private var meaning: String {
        switch self {
        case .configuration: "configuration, where no other is named"
        case .ledger: "which virtual servers are ipvsync's own, and drains"
        case .record: "what is ipvsync's own beside IPVS"
        case .health: "what checks of real servers found last"
        case .overrides: "orders by hand: drains and weights"
        case .lock: "held by the one run that may change something"
        case .socket: "where the agent answers root and its own user"
        case .settings: "the kernel's settings, with 'network:'"
        case .nft: "writes rules, with 'network.firewall'"
        case .leftovers: "iptables, ip6tables, ipset, nft: for what is left"
        case .token: "the service account of a Pod, with --in-cluster"
        }
    }
}

/// Ports that an agent opens, for the help.
enum HelpPorts {
    static let help = HelpText.list(
        "PORTS", width: 26,
        [
            ("127.0.0.1:10249", "metrics, health and status: see 'telemetry.listen'"),
            (":10256, 127.0.0.1:10249", "what a kube-proxy answers: 'telemetry.kubeProxy'"),
            ("health check node ports", "of Services whose external traffic stays local"),
        ])
}
