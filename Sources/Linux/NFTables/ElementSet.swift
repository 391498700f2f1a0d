internal import DataPath
internal import LoadBalancing

/// The sets and maps of our table, in the order in which they are written.
enum ElementSet: String, Hashable, CaseIterable {
    /// No set of its own: each list of sources is one, with the chain that looks into it. First, for guards lead there.
    case sources
    case addresses4, addresses6
    case services4, services6
    case guards4, guards6
    case hairpins4, hairpins6
    case healthCheckPorts = "health_check_ports"

    var name: String { rawValue }

    /// Those that every table has.
    static let fixed = allCases.filter { $0 != .sources }

    /// The types that a key is made of.
    var types: [String] {
        switch self {
        case .addresses4: ["ipv4_addr"]
        case .addresses6: ["ipv6_addr"]
        case .services4, .guards4: ["ipv4_addr", "inet_proto", "inet_service"]
        case .services6, .guards6: ["ipv6_addr", "inet_proto", "inet_service"]
        case .sources: []
        case .hairpins4: ["ipv4_addr", "ipv4_addr"]
        case .hairpins6: ["ipv6_addr", "ipv6_addr"]
        case .healthCheckPorts: ["inet_service"]
        }
    }

    /// Whether a key leads to a verdict.
    var isMap: Bool { [.services4, .services6, .guards4, .guards6].contains(self) }

    /// Its declaration inside the table.
    var declaration: String {
        let type = types.joined(separator: " . ") + (isMap ? " : verdict" : "")
        return "\(isMap ? "map" : "set") \(name) { type \(type); }"
    }
}
