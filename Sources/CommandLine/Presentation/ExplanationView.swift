internal import DataPath
package import Documents
internal import KubernetesObjects
package import LoadBalancing
package import ServiceTranslation

/// What a Service became on this node, and why.
package struct ExplanationView: Presentable {
    private let service: TranslatedService
    private let conflicts: [AddressConflict]
    private let warnings: [String]
    private let node: String

    /// - Parameters:
    ///   - service: Translated with the verdicts kept.
    ///   - conflicts: Of all Services.
    ///   - declared: The virtual servers of files, which go before a Service's, with their places.
    ///   - nodeWarnings: What is wrong with this node's own object.
    ///   - node: This node's name.
    package init(
        _ service: TranslatedService, conflicts: [AddressConflict], declared: [VirtualServerKey: String] = [:],
        nodeWarnings: [TranslationWarning] = [], node: String
    ) {
        self.service = service
        self.conflicts = conflicts.filter { $0.winner == service.name || $0.loser == service.name }
        warnings =
            service.warnings.map(\.message)
            + service.virtualServers.compactMap { server in
                declared[server.key].map { "\(server.key) is not the Service's here: \($0) declares it" }
            } + nodeWarnings.map(\.description)
        self.node = node
    }

    package var lines: [Line] {
        var lines = [Line("Service \(service.name) on node \(node.isEmpty ? "(unknown)" : node)", .bold)]
        if let omission = service.omission { lines.append(Line("  nothing is programmed: \(omission.reason)")) }
        for server in service.virtualServers { lines += Self.lines(of: server) }
        if let check = service.healthCheck {
            lines.append(Line("  health check node port \(check.port): \(check.verdict)"))
        }
        lines += service.othersIngresses.map { Line("  left to its load balancer: ingress \($0)") }
        for conflict in conflicts {
            lines.append(
                Line(
                    "  conflict: \(conflict.key) belongs to Service \(conflict.winner), \(conflict.reason); "
                        + "Service \(conflict.loser) does not get it", .yellow))
        }
        lines += warnings.map { Line("  warning: \($0)", .yellow) }
        return lines
    }

    private static func lines(of server: TranslatedVirtualServer) -> [Line] {
        let virtualServer = server.desired.virtualServer
        let port = server.port.name.isEmpty ? "" : ", port \(server.port.name)"
        let heading = Line(
            "  \(server.key)  \(server.role.rawValue)\(port), scheduler \(SettingText.scheduler(virtualServer)), "
                + "persistence \(SettingText.persistence(virtualServer)), "
                + "traffic policy \(server.trafficPolicy == .local ? "Local" : "Cluster")"
                + (server.desired.isOrdered ? ", edge: \(server.forwarding), alike on every node" : ""))
        let opening = server.role == .loadBalancer ? [Line("    open to \(server.openTo)")] : []
        guard !server.decisions.isEmpty else {
            return [heading] + opening + ["    no endpoint is known: connections are refused"]
        }
        return [heading] + opening
            + server.decisions.map { decision in
                let isChosen = decision.verdict.isChosen
                return Line(
                    "    \(isChosen ? "+" : "-") \(decision.endpoint)  \(decision.verdict.reason)  (\(decision.source))",
                    isChosen ? .green : .dim)
            }
    }

    package var document: Document {
        var members: [Document.Member] = [
            .init("service", .string(service.name.description)), .init("node", .string(node)),
        ]
        if let omission = service.omission { members.append(.init("omitted", .string(omission.reason))) }
        members += [
            .init("virtualServers", .sequence(service.virtualServers.map(\.document)))
        ]
        if let check = service.healthCheck {
            members.append(
                .init(
                    "healthCheck",
                    ["nodePort": .integer(Int64(check.port)), "localEndpoints": .integer(Int64(check.localEndpoints))]))
        }
        members += [
            .init("othersIngresses", .sequence(service.othersIngresses.map { .string($0) })),
            .init(
                "conflicts",
                .sequence(
                    conflicts.map { conflict in
                        [
                            "virtualServer": .string(conflict.key.description),
                            "winner": .string(conflict.winner.description),
                            "loser": .string(conflict.loser.description),
                        ]
                    })),
            .init("warnings", .sequence(warnings.map { .string($0) })),
        ]
        return .mapping(members)
    }
}

extension TranslatedVirtualServer {
    /// Ranges that a text shows; a document has all of them.
    private static let shownRanges = 10

    /// `everybody`, `nobody`, or the ranges of addresses.
    fileprivate var openTo: String {
        guard let sources else { return "everybody" }
        guard !sources.isEmpty else { return "nobody" }
        let more = sources.ranges.count - Self.shownRanges
        return ranges.prefix(Self.shownRanges).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    private var ranges: [String] {
        (sources?.ranges ?? []).map { range in
            range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }
    }

    /// How its packets reach endpoints.
    fileprivate var forwarding: String { desired.realServers.first?.forwarding.description ?? "no endpoint" }

    fileprivate var document: Document {
        [
            "virtualServer": .string(key.description), "role": .string(role.rawValue),
            "port": .string(port.name), "scheduler": .string(desired.virtualServer.scheduler.name),
            "trafficPolicy": .string(trafficPolicy == .local ? "Local" : "Cluster"),
            "edge": .bool(desired.isOrdered),
            "sources": sources == nil ? .null : .sequence(ranges.map(Document.string)),
            "endpoints": .sequence(
                decisions.map { decision in
                    [
                        "endpoint": .string(decision.endpoint.description), "chosen": .bool(decision.verdict.isChosen),
                        "reason": .string(decision.verdict.reason), "source": .string(decision.source),
                    ]
                }),
        ]
    }
}

extension HealthCheck {
    /// What load balancers conclude from it.
    fileprivate var verdict: String {
        switch localEndpoints {
        case 0: "no ready endpoint on this node, so load balancers send nothing here"
        case 1: "1 ready endpoint on this node"
        default: "\(localEndpoints) ready endpoints on this node"
        }
    }
}

extension TranslatedService.Omission {
    fileprivate var reason: String {
        switch self {
        case .headless: "it is headless (clusterIP: None); clients find its endpoints by DNS"
        case .externalName: "it is an ExternalName Service, which only DNS serves"
        case .withoutClusterIP: "it has no cluster IP yet"
        case .otherProxy(let name):
            name.isEmpty
                ? "it does not carry this proxy's name in the label service.kubernetes.io/service-proxy-name"
                : "the label service.kubernetes.io/service-proxy-name gives it to another proxy, \(name)"
        }
    }
}

extension EndpointDecision.Verdict {
    fileprivate var reason: String {
        switch self {
        case .ready: "ready"
        case .servingWhileTerminating: "terminating, but it serves and no endpoint is ready"
        case .notReady: "not ready"
        case .terminating: "terminating, and others are ready"
        case .onAnotherNode: "on another node, and the traffic policy is Local"
        case .hintedToAnotherNode: "hints give it to another node"
        case .hintedToAnotherZone: "hints give it to another zone"
        case .fallback: "no endpoint on this node: the fallback to others is on"
        }
    }
}
