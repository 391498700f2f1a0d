/// What the kernel's table has to be while a whole agent is soaked, as far as it is settled.
struct AgentSoakTable {
    /// A virtual server with its real servers.
    struct Site {
        let address: String
        let scheduler: String
        let servers: [(address: String, weight: Int)]

        init(_ address: String, scheduler: String, _ servers: [(address: String, weight: Int)]) {
            self.address = address
            self.scheduler = scheduler
            self.servers = servers
        }

        var configuration: String {
            let list = servers.map { "{address: \"\($0.address):8080\", weight: \($0.weight)}" }
            return "virtualServers:\n- address: \"\(address):80\"\n  scheduler: \(scheduler)\n"
                + "  realServers: [\(list.joined(separator: ", "))]\n"
        }

        /// As `ipvsadm -Sn` prints it.
        var saved: [String] {
            ["-A -t \(address):80 -s \(scheduler)"]
                + servers.map { "-a -t \(address):80 -r \($0.address):8080 -m -w \($0.weight)" }
        }
    }

    /// By the name of the file.
    var files: [String: Site] = [:]
    /// Schedulers, by number.
    var services: [Int: String] = [:]
    /// By the number of the Service, which need not be there.
    var endpoints: [Int: [String]] = [:]
    /// Real servers of virtual servers that are another's.
    var foreign: [String: [String]] = [:]

    static func clusterIP(_ service: Int) -> String { "10.96.0.\(10 + service)" }

    /// What is declared, in an order that does not change.
    var ours: [Site] {
        files.sorted { $0.key < $1.key }.map(\.value)
            + services.sorted { $0.key < $1.key }.map { number, scheduler in
                Site(
                    Self.clusterIP(number), scheduler: scheduler,
                    (endpoints[number] ?? []).map { (address: $0, weight: 1) })
            }
    }

    /// The whole table as `ipvsadm -Sn` prints it, but for the order.
    var saved: [String] {
        ours.flatMap(\.saved)
            + foreign.flatMap { address, servers in
                ["-A -t \(address) -s lc"] + servers.map { "-a -t \(address) -r \($0) -m -w 1" }
            }
    }
}
