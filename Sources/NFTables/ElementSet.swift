internal import DataPath
internal import LoadBalancing

/// The sets and maps of our table, in the order in which they are written.
enum ElementSet: String, Hashable, CaseIterable {
    case addresses4, addresses6
    case services4, services6
    case sources4, sources6
    case hairpins4, hairpins6
    case healthCheckPorts = "health_check_ports"

    var name: String { rawValue }

    /// The types that a key is made of.
    var types: [String] {
        switch self {
        case .addresses4: ["ipv4_addr"]
        case .addresses6: ["ipv6_addr"]
        case .services4: ["ipv4_addr", "inet_proto", "inet_service"]
        case .services6: ["ipv6_addr", "inet_proto", "inet_service"]
        case .sources4: ["ipv4_addr", "inet_proto", "inet_service", "ipv4_addr"]
        case .sources6: ["ipv6_addr", "inet_proto", "inet_service", "ipv6_addr"]
        case .hairpins4: ["ipv4_addr", "ipv4_addr"]
        case .hairpins6: ["ipv6_addr", "ipv6_addr"]
        case .healthCheckPorts: ["inet_service"]
        }
    }

    /// Whether a key leads to a verdict.
    var isMap: Bool { self == .services4 || self == .services6 }

    /// Whether a key may hold a network.
    var holdsIntervals: Bool { self == .sources4 || self == .sources6 }

    /// Its declaration inside the table.
    var declaration: String {
        let type = types.joined(separator: " . ") + (isMap ? " : verdict" : "")
        return "\(isMap ? "map" : "set") \(name) { type \(type);\(holdsIntervals ? " flags interval;" : "") }"
    }
}
