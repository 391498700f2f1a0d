import Documents
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

    /// The virtual server; `nil` after a report when it is not even known which.
    func read() -> DesiredVirtualServer? {
        let key = key()
        let name = reader(Fields.name)
        let drainTimeout = reader(Fields.drainTimeout) ?? defaults.drainTimeout
        let virtualServer = key.map(virtualServer)
        let realServers = RealServersReader(
            key: key, defaults: defaults.servers.overridden(by: reader), virtualServer: reader
        ).read()
        return virtualServer.map {
            DesiredVirtualServer($0, realServers: realServers, name: name, drainTimeout: drainTimeout)
        }
    }

    private func virtualServer(_ key: VirtualServerKey) -> VirtualServer {
        var virtualServer = VirtualServer(
            key, scheduler: reader.scheduler(over: defaults.scheduler),
            onePacket: reader(Fields.onePacket) ?? false)
        do throws(Complaint) {
            virtualServer.persistence = try (reader(Fields.persistence) ?? defaults.persistence)
                .persistence(key.family)
        } catch {
            reader.report(error)
        }
        virtualServer.complaints().forEach(reader.report)
        return virtualServer
    }
}

extension MappingReader {
    /// Reports a broken rule where its field stands.
    func report(_ complaint: Complaint) {
        scope.report(place(of: complaint.field), complaint.problem, complaint.remedy)
    }
}
