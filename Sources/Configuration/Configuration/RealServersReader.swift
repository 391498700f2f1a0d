import Documents
import HealthChecks
import LoadBalancing

/// Reads the `realServers` of a virtual server.
struct RealServersReader {
    /// `nil` if it could not be read, which was reported: then only what needs no key is checked.
    let key: VirtualServerKey?
    let defaults: ServerDefaults
    let virtualServer: MappingReader
    let checks: CheckList
    /// The checks of those that have their own.
    private(set) var own: [Endpoint: [ServerCheck]] = [:]

    init(key: VirtualServerKey?, defaults: ServerDefaults, virtualServer: MappingReader, checks: CheckList) {
        self.key = key
        self.defaults = defaults
        self.virtualServer = virtualServer
        self.checks = checks
    }

    /// The real servers, sorted by endpoint.
    mutating func read() -> [RealServer] {
        guard let list = virtualServer(Fields.realServers) else { return [] }
        guard let nodes = list.sequence else {
            virtualServer.scope.report(list, "realServers is \(list.summary)", "write a list, `[]` for none")
            return []
        }
        var servers: [RealServer] = []
        servers.reserveCapacity(nodes.count)
        for node in nodes {
            if let server = realServer(node) { servers.append(server) }
        }
        checkTunnel(servers)
        servers.sort { $0.endpoint < $1.endpoint }
        for (server, next) in zip(servers, servers.dropFirst()) where server.endpoint == next.endpoint {
            reportDuplicate(server.endpoint, nodes)
        }
        return servers
    }

    /// The real server that stands in when the others are down.
    func backup(_ node: YAMLNode) -> RealServer? { realServer(node, .backup)?.server }

    private mutating func realServer(_ node: YAMLNode) -> RealServer? {
        guard let (server, checks) = realServer(node, .realServer) else { return nil }
        own[server.endpoint] = checks
        return server
    }

    private func realServer(_ node: YAMLNode, _ shape: ObjectShape) -> (server: RealServer, checks: [ServerCheck]?)? {
        // The common case first, without anything made for messages.
        if let text = node.scalar?.text, let endpoint = Endpoint(text) {
            return (checked(defaults.realServer(endpoint), node, scope(node)), nil)
        }
        let scope = scope(node)
        guard node.mapping != nil else {
            guard let text = node.addressText("a real server", scope) else { return nil }
            do throws(Complaint) {
                let (address, port) = try AddressText.parse(text)
                return (checked(defaults.realServer(Endpoint(address, port: port ?? key?.port ?? 0)), node, scope), nil)
            } catch {
                scope.report(node, error.problem, error.remedy)
                return nil
            }
        }
        guard let reader = MappingReader(node, shape, "a real server", scope) else { return nil }
        let settings = defaults.overridden(by: reader)
        if reader.has("tunnel"), !settings.forwarding.isTunnel {
            scope.report(
                reader.place(of: "tunnel"), "tunnel options without tunnel forwarding", "write `forwarding: tunnel`")
        }
        let own = reader.has("checks") ? checks.read(reader) : nil
        guard let addressNode = reader(Fields.address), let text = addressNode.addressText("address", scope),
            let (address, port) = reader.endpoint(text, of: addressNode)
        else { return nil }
        let server = checked(settings.realServer(Endpoint(address, port: port ?? key?.port ?? 0)), node, scope)
        return (server, own)
    }

    /// The real server, after a report of what the kernel would refuse.
    private func checked(_ server: RealServer, _ node: YAMLNode, _ scope: @autoclosure () -> Scope) -> RealServer {
        guard let key else { return server }
        let complaints = server.complaints(under: key) + [server.portComplaint(under: key)].compactMap(\.self)
        guard !complaints.isEmpty else { return server }
        let scope = scope()
        for complaint in complaints {
            scope.report(node[complaint.field] ?? node, complaint.problem, complaint.remedy)
        }
        return server
    }

    private func checkTunnel(_ servers: [RealServer]) {
        guard virtualServer.has("tunnel"), !servers.contains(where: \.forwarding.isTunnel),
            !defaults.forwarding.isTunnel
        else { return }
        virtualServer.scope.report(
            virtualServer.place(of: "tunnel"), "tunnel options without tunnel forwarding", "write `forwarding: tunnel`")
    }

    private func reportDuplicate(_ endpoint: Endpoint, _ nodes: [YAMLNode]) {
        let places = nodes.filter { node in
            let text = node.scalar?.text ?? node["address"]?.scalar?.text ?? ""
            return text == endpoint.description || text == endpoint.address.description
        }
        let lines = places.map(\.line)
        virtualServer.scope.report(
            places.last ?? virtualServer.node,
            "the real server \(endpoint) is declared twice" + (lines.first.map { ", first in line \($0)" } ?? ""),
            "keep one of the two")
    }

    private func scope(_ node: YAMLNode) -> Scope {
        virtualServer.scope.inner(
            (node.scalar ?? node["address"]?.scalar).map { "real server \($0.text)" } ?? "a real server")
    }
}
