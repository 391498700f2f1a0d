/// A virtual server of each family with the same real servers, as it is declared and as ipvsadm shows it.
struct TrafficTable {
    /// Numbers of real servers.
    var servers: [Int]
    /// Those that are declared no more and drain.
    var draining: [Int] = []
    var scheduler = "rr"
    /// Seconds.
    var persistence: Int?
    /// Seconds. Nothing that drains is to end by itself, however long a scenario takes.
    var drainTimeout = 7200
    /// More settings of each virtual server.
    var rules: String?
    /// Whether the virtual servers are declared at all.
    var isDeclared = true

    func configuration(_ virtualAddresses: [String]) -> String {
        let head = "{syncInterval: 1s, drainTimeout: \(drainTimeout), virtualServers: ["
        guard isDeclared else { return head + "]}\n" }
        let list = virtualAddresses.enumerated().map { index, address in
            let realServers = servers.map { "\"\(Self.host(TrafficSite.addresses(of: $0)[index])):8080\"" }
            return "{address: \"\(Self.host(address)):80\", scheduler: \(scheduler), "
                + "persistence: \(persistence.map { "\($0)s" } ?? "off"), " + (rules.map { "\($0), " } ?? "")
                + "realServers: [\(realServers.joined(separator: ", "))]}"
        }
        return head + list.joined(separator: ",\n") + "]}\n"
    }

    /// What `ipvsadm -Sn` prints once the kernel has it.
    func saved(_ virtualAddresses: [String]) -> [String] {
        virtualAddresses.enumerated().flatMap { index, address in
            let name = "-t \(Self.host(address)):80"
            let weights = servers.map { ($0, 1) } + draining.map { ($0, 0) }
            return ["-A \(name) -s \(scheduler)" + (persistence.map { " -p \($0)" } ?? "")]
                + weights.map { server, weight in
                    "-a \(name) -r \(Self.host(TrafficSite.addresses(of: server)[index])):8080 -m -w \(weight)"
                }
        }
    }

    /// An address as it stands before a port.
    private static func host(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }
}
