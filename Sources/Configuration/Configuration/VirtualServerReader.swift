import Documents
import HealthChecks
import LoadBalancing

/// Reads one entry of `virtualServers`.
struct VirtualServerReader {
    let defaults: FileDefaults
    let reader: MappingReader

    /// Returns `nil` after a report when the node is no mapping.
    init?(_ node: YAMLNode, index: Int, defaults: FileDefaults, problems: Problems) {
        let scope = Scope(problems: problems) { Self.label(node) ?? "virtualServers[\(index)]" }
        guard let reader = MappingReader(node, .virtualServer, "it", scope) else { return nil }
        self.reader = reader
        self.defaults = defaults
    }

    /// The virtual server, and how it is watched if it is; `nil` after a report when it is not even known which.
    func read() -> (DesiredVirtualServer, HealthRules?)? {
        // Everything is read, key or not, so that all problems are told at once.
        let key = key()
        let name = reader(Fields.name)
        let scheduler = reader.scheduler(over: defaults.scheduler)
        let onePacket = reader(Fields.onePacket) ?? false
        let persistence = reader(Fields.persistence) ?? defaults.persistence
        let engine = reader(Fields.persistenceEngine)
        let drainTimeout = reader(Fields.drainTimeout) ?? defaults.drainTimeout
        let activeWhen = reader(Fields.activeWhen) ?? defaults.activeWhen
        var servers = RealServersReader(
            key: key, defaults: defaults.servers.overridden(by: reader), virtualServer: reader,
            checks: CheckList(named: defaults.namedChecks))
        let realServers = servers.read()
        var rules = reader.health(over: defaults.health, named: defaults.namedChecks)
        rules.own = servers.own
        if let node = reader(Fields.backup) { rules.backup = servers.backup(node) }
        guard let key else { return nil }
        var virtualServer = VirtualServer(key, scheduler: scheduler, onePacket: onePacket)
        do throws(Complaint) {
            virtualServer.persistence = try persistence.persistence(key.family)
        } catch {
            reader.report(error)
        }
        virtualServer.engine = engine ?? persistence.engine
        if engine != nil, virtualServer.persistence != nil {
            reader.scope.report(
                reader.place(of: "persistenceEngine"), "persistenceEngine is for a virtual server without persistence",
                "write `persistence: {timeout: 5m, engine: \(engine ?? "")}`")
        }
        virtualServer.complaints().forEach(reader.report)
        var server = DesiredVirtualServer(
            virtualServer, realServers: realServers, name: name, drainTimeout: drainTimeout)
        server.activeWhen = activeWhen
        return (server, checked(rules, realServers))
    }
}

extension MappingReader {
    /// Reports a broken rule where its field stands.
    func report(_ complaint: Complaint) {
        scope.report(place(of: complaint.field), complaint.problem, complaint.remedy)
    }
}

extension ValueKind where Value == IPAddress {
    /// `{address: 192.0.2.1}`, of an address that can move from one node to another.
    static var activation: Self {
        .object(.activation) { reader in
            guard let address = reader(Fields.activeAddress) else { return nil }
            let stays = ["127.0.0.0/8", "::1/128", "fe80::/10", "0.0.0.0/32", "::/128"].compactMap { IPPrefix($0) }
            guard !address.isMulticast, !stays.contains(where: { $0.contains(address) }) else {
                reader.scope.report(
                    reader.place(of: "address"), "\(address) is never on one node alone",
                    "write an address that moves, such as keepalived's virtual_ipaddress")
                return nil
            }
            return address
        }
    }
}
