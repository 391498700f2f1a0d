import LoadBalancing

/// Collects the rules of a dump.
struct IpvsadmReader {
    private let problems: Problems
    private var servers: [DesiredVirtualServer] = []
    private var indices: [VirtualServerKey: Int] = [:]
    private var endpoints: Set<Member> = []

    private struct Member: Hashable {
        let key: VirtualServerKey
        let endpoint: Endpoint
    }

    init(file: String) { problems = Problems(file: file) }

    mutating func read(_ text: Substring, line: Int) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let first = words.first, !first.hasPrefix("#") else { return }
        do throws(Complaint) {
            let rule = try IpvsadmRule(words)
            switch try rule.only(of: [.addService, .addServer]) {
            case .addService: try add(rule.virtualServer(), line)
            case .addServer: try add(rule.realServer(under: rule.key()), to: rule.key(), line)
            default:
                throw Complaint(field: "", problem: "neither -A nor -a", remedy: "use the output of `ipvsadm -Sn`")
            }
        } catch {
            problems.report(line: line, error.problem, error.remedy)
        }
    }

    /// The virtual servers, sorted by key and each with its real servers sorted.
    func state() throws(ConfigurationErrors) -> DesiredState {
        guard problems.errors.isEmpty else { throw problems.errors }
        var sorted = servers.sorted { $0.key < $1.key }
        for index in sorted.indices { sorted[index].realServers.sort { $0.endpoint < $1.endpoint } }
        return DesiredState(virtualServers: sorted)
    }

    private mutating func add(_ virtualServer: VirtualServer, _ line: Int) {
        let object = "virtual server \(virtualServer.key)"
        guard indices[virtualServer.key] == nil else {
            return problems.report(line: line, object: object, "it is added twice", "keep one of the two")
        }
        indices[virtualServer.key] = servers.count
        servers.append(DesiredVirtualServer(virtualServer))
        report(virtualServer.complaints(), line, object)
    }

    private mutating func add(_ realServer: RealServer, to key: VirtualServerKey, _ line: Int) {
        let object = "virtual server \(key), real server \(realServer.endpoint)"
        guard let index = indices[key] else {
            return problems.report(
                line: line, object: object, "no -A before it adds the virtual server",
                "add `-A` for it, with the same address and port")
        }
        guard endpoints.insert(Member(key: key, endpoint: realServer.endpoint)).inserted else {
            return problems.report(line: line, object: object, "it is added twice", "keep one of the two")
        }
        servers[index].realServers.append(realServer)
        report(realServer.complaints(under: key), line, object)
    }

    private func report(_ complaints: [Complaint], _ line: Int, _ object: String) {
        for complaint in complaints {
            problems.report(
                line: line, object: object, complaint.problem, "use the output of `ipvsadm -Sn`, which the kernel took")
        }
    }
}
