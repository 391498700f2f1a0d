import Documents
import LoadBalancing

extension ValueKind where Value == SyncDaemon {
    static var syncDaemon: Self {
        .object(.syncDaemon) { reader in
            guard let role = reader(Fields.daemonRole), let interface = reader(Fields.interface) else { return nil }
            return SyncDaemon(
                role: role, interface: interface, syncID: reader(Fields.syncID) ?? 0,
                maximumLength: reader(Fields.maximumLength), group: reader(Fields.group),
                port: reader(Fields.daemonPort), timeToLive: reader(Fields.timeToLive))
        }
    }
}

extension ValueKind where Value == [SyncDaemon] {
    /// One daemon for each role at most, sorted by role.
    static var syncDaemons: Self {
        let list = ValueKind.list(of: .syncDaemon)
        return ValueKind(schema: list.schema) { node, field, scope in
            guard let daemons = list.read(node, field, scope.inner("sync daemon")) else { return nil }
            for role in SyncDaemon.Role.allCases where daemons.count(where: { $0.role == role }) > 1 {
                scope.report(node, "two sync daemons are \(role)", "declare one for each role")
            }
            return daemons.sorted { $0.role < $1.role }
        }
    }
}

extension ValueKind where Value == IPAddress {
    static var multicastGroup: Self {
        ValueKind(schema: ["type": "string"]) { node, field, scope in
            guard let address = (node.scalar?.text).flatMap({ IPAddress($0) }), address.isMulticast else {
                scope.report(node, "\(field) is \(node.summary)", "write a multicast address such as 224.0.0.81")
                return nil
            }
            return address
        }
    }
}

extension ValueKind where Value == ConnectionTimeouts {
    static var timeouts: Self {
        .object(.timeouts) { reader in
            ConnectionTimeouts(
                tcp: reader(Fields.tcpTimeout), tcpFin: reader(Fields.tcpFinTimeout), udp: reader(Fields.udpTimeout))
        }
    }
}
