import DataPath
import KubernetesObjects
import LoadBalancing

/// Makes the virtual servers of one Service. What those of one port have in common, above all the list of real servers,
/// is made once and shared, whatever the number of addresses.
struct ServiceVirtualServers {
    /// What decides which endpoints of a port are used.
    private struct Question: Hashable {
        /// `nil` for all ports that have one number at all endpoints.
        let port: Int?
        let family: AddressFamily
        let traffic: Service.TrafficPolicy
        let fallsBack: Bool
        /// Whether the answer is the same in every zone and on every node.
        let isEdge: Bool
    }

    private struct Group: Hashable {
        let port: Int?
        let family: AddressFamily
    }

    private struct ListKey: Hashable {
        let question: Question
        let number: UInt16?
        let forwarding: ForwardingMethod
        /// The port that an edge serves.
        let edgePort: UInt16?
    }

    private let service: Service
    private let settings: ServiceSettings
    private let endpoints: ServiceEndpoints
    private let sources: SourceRanges
    private let policy: TranslationPolicy
    private let explains: Bool
    /// Of each port.
    private let names: [String]
    private let numbers: [UInt16?]
    private var groups: [Group: [EndpointCandidate]] = [:]
    private var answers: [Question: PortEndpoints] = [:]
    private var lists: [ListKey: [RealServer]] = [:]
    private(set) var warnings: [TranslationWarning] = []
    private(set) var localLack = LocalLack.Marks()

    init(
        of service: Service, _ settings: ServiceSettings, _ endpoints: ServiceEndpoints, _ sources: SourceRanges,
        policy: TranslationPolicy, explains: Bool
    ) {
        self.service = service
        self.settings = settings
        self.endpoints = endpoints
        self.sources = sources
        self.policy = policy
        self.explains = explains
        let name = service.metadata.id.description
        names = service.ports.map { $0.name.isEmpty ? name : "\(name):\($0.name)" }
        numbers = service.ports.map { endpoints.commonNumber(for: $0) }
    }

    /// The endpoints that traffic to a port may reach; their own ports may be left out.
    ///
    /// - Parameter index: The port's, among those of the Service.
    mutating func candidates(_ index: Int, _ family: AddressFamily) -> [EndpointCandidate] {
        candidates(Group(port: numbers[index] == nil ? index : nil, family: family))
    }

    private mutating func candidates(_ group: Group) -> [EndpointCandidate] {
        if let known = groups[group] { return known }
        let found = endpoints.usable(for: group.port.map { service.ports[$0] }, group.family)
        groups[group] = found
        return found
    }

    /// The virtual server of one port at one address; `nil` when it cannot be, which is told.
    mutating func make(
        _ index: Int, at endpoint: Endpoint, as role: TranslatedVirtualServer.Role
    ) -> TranslatedVirtualServer? {
        let port = service.ports[index]
        let key = VirtualServerKey.endpoint(port.transportProtocol, endpoint)
        let edge = EdgeService.serves(role) ? settings.edge : nil
        let traffic = role == .clusterIP ? service.internalTrafficPolicy : service.externalTrafficPolicy
        let question = Question(
            port: numbers[index] == nil ? index : nil, family: key.family, traffic: traffic,
            fallsBack: role != .clusterIP && policy.localFallsBackToCluster, isEdge: edge != nil)
        let answer = decide(question)
        if answer.lacksLocal { localLack.insert(key.family, role == .clusterIP ? .internal : .external) }
        let number = numbers[index]
        let forwarding = edge?.forwarding ?? self.forwarding(answer, number, key, role)
        let realServers = list(
            ListKey(question: question, number: number, forwarding: forwarding, edgePort: edge.map { _ in key.port }),
            answer)
        if edge != nil, !mayServe(key, realServers, answer, number) { return nil }
        let server = VirtualServer(
            key, scheduler: edge?.scheduler ?? settings.scheduler,
            persistence: edge == nil ? persistence(key.family) : nil,
            onePacket: settings.onePacket && port.transportProtocol == .udp)
        var desired = DesiredVirtualServer(
            server, realServers: realServers, name: names[index], drainTimeout: settings.drainTimeout)
        desired.isOrdered = edge != nil
        return TranslatedVirtualServer(
            desired: desired, role: role, port: port, trafficPolicy: traffic,
            probe: port.transportProtocol == .tcp ? settings.probe : nil,
            decisions: explains ? answer.decisions(number) : [],
            sources: explains && policy.enforcesSources && role == .loadBalancer ? sources.list(key.family) : nil,
            dataPath: dataPath(key, role, forwarding, answer),
            hairpins: policy.keepsDataPath && forwarding == .masquerade ? answer.hairpins : [])
    }

    private mutating func decide(_ question: Question) -> PortEndpoints {
        if let known = answers[question] { return known }
        let candidates = self.candidates(Group(port: question.port, family: question.family))
        let verdicts = EndpointSelection(candidates, policy: policy, heedsHints: !question.isEdge)
            .verdicts(question.traffic, fallsBack: question.fallsBack)
        let answer = PortEndpoints(candidates, verdicts, question.traffic, policy: policy)
        answers[question] = answer
        return answer
    }

    private mutating func list(_ key: ListKey, _ answer: PortEndpoints) -> [RealServer] {
        if let known = lists[key] { return known }
        var made = answer.realServers(key.number, key.forwarding, upperThreshold: settings.upperThreshold)
        if let port = key.edgePort, let edge = settings.edge { made = edge.possible(made, port: port) }
        lists[key] = made
        return made
    }

    /// What is needed beside IPVS. At the node's own addresses, nothing is bound and no port is refused.
    private func dataPath(
        _ key: VirtualServerKey, _ role: TranslatedVirtualServer.Role, _ forwarding: ForwardingMethod,
        _ answer: PortEndpoints
    ) -> [DataPathElement] {
        guard policy.keepsDataPath else { return [] }
        let elements = ServiceDataPath(key, role, forwarding, staysHere: answer.staysHere)
            .elements(
                sources: role == .loadBalancer ? sources : nil,
                isEdge: settings.edge != nil && EdgeService.serves(role))
        guard role != .clusterIP, case .endpoint(_, let endpoint) = key, policy.isServedNodeAddress(endpoint.address)
        else { return elements }
        return elements.filter { $0 != .address(endpoint.address) }
    }

    /// Whether an edge can serve a port: it keeps the port of a packet.
    private mutating func mayServe(
        _ key: VirtualServerKey, _ realServers: [RealServer], _ answer: PortEndpoints, _ number: UInt16?
    ) -> Bool {
        if answer.count > EdgeService.endpoints {
            warnings.append(
                .bound(
                    service.metadata.id,
                    "\(key): an edge has at most \(EdgeService.endpoints) endpoints; others get no traffic: split it"))
        }
        guard let other = answer.endpoint(onOtherPortThan: key.port, number) else { return true }
        warnings.append(
            TranslationWarning(
                service.metadata.id, reason: realServers.isEmpty ? .address : .endpoint,
                "\(key): \(realServers.isEmpty ? "refused" : "endpoints on other ports get no traffic"): an edge keeps "
                    + "the port of a packet, but endpoint \(other) has another: give the Service and its endpoints the "
                    + "same port"))
        return !realServers.isEmpty
    }

    private func persistence(_ family: AddressFamily) -> Persistence? {
        guard let timeout = service.sessionAffinityTimeout else { return nil }
        let granularity = settings.granularity.flatMap { PersistenceGranularity(prefixLength: $0, family: family) }
        return Persistence(timeout: timeout, granularity: granularity ?? .single(family))
    }

    /// The method asked for, unless it cannot reach an endpoint on another port.
    private mutating func forwarding(
        _ answer: PortEndpoints, _ number: UInt16?, _ key: VirtualServerKey, _ role: TranslatedVirtualServer.Role
    ) -> ForwardingMethod {
        if settings.forwardsOnlyExternal, role == .clusterIP || role == .nodePort { return .masquerade }
        guard !settings.forwarding.translatesPort, let other = answer.endpoint(onOtherPortThan: key.port, number) else {
            return settings.forwarding
        }
        warnings.append(
            TranslationWarning(
                service.metadata.id, reason: .annotation,
                "\(key): forwarding \(settings.forwarding) keeps the port, but endpoint \(other) has another; "
                    + "masquerade is used: give the Service and its endpoints the same port"))
        return .masquerade
    }
}

/// The endpoints of one port in one family that get traffic, or of all ports with one number at all endpoints.
private struct PortEndpoints {
    private let candidates: [EndpointCandidate]
    private let verdicts: [EndpointDecision.Verdict]
    private let chosen: [EndpointCandidate]
    /// The first one with another port than the first of all.
    private let odd: Endpoint?
    /// Whether a Local Service's traffic stays on this node: one that falls back to other nodes needs their answers to
    /// come back here.
    let staysHere: Bool
    /// Whether a Local Service has endpoints that could be used, and none of them on this node.
    let lacksLocal: Bool
    /// Endpoints of this node: only these can come here on their way to themselves.
    let hairpins: [IPAddress]

    init(
        _ candidates: [EndpointCandidate], _ verdicts: [EndpointDecision.Verdict], _ traffic: Service.TrafficPolicy,
        policy: TranslationPolicy
    ) {
        self.candidates = candidates
        self.verdicts = verdicts
        let chosen =
            verdicts.allSatisfy(\.isChosen)
            ? candidates : zip(candidates, verdicts).compactMap { $1.isChosen ? $0 : nil }
        self.chosen = chosen
        odd = chosen.first { $0.endpoint.port != chosen.first?.endpoint.port }?.endpoint
        lacksLocal =
            traffic == .local && !verdicts.contains { $0 == .ready || $0 == .servingWhileTerminating }
            && candidates.contains { $0.conditions.ready || $0.servesWhileTerminating }
        staysHere = traffic == .local && chosen.allSatisfy { policy.isLocal($0.nodeName) }
        guard policy.keepsDataPath else {
            hairpins = []
            return
        }
        var last: IPAddress?
        // They are in order, so equal addresses are neighbours.
        hairpins = chosen.compactMap { candidate in
            let address = candidate.endpoint.address
            let mayBeHere =
                candidate.nodeName.isEmpty || policy.nodeName.isEmpty || policy.isLocal(candidate.nodeName)
            guard mayBeHere, address != last else { return nil }
            last = address
            return address
        }
    }

    /// How many endpoints get traffic.
    var count: Int { chosen.count }

    /// The first endpoint on another port.
    ///
    /// - Parameter number: The port of all of them, unless each has its own.
    func endpoint(onOtherPortThan port: UInt16, _ number: UInt16?) -> Endpoint? {
        guard let first = chosen.first?.endpoint else { return nil }
        if let number { return number != port ? Endpoint(first.address, port: number) : nil }
        return first.port != port ? first : odd
    }

    func realServers(_ number: UInt16?, _ forwarding: ForwardingMethod, upperThreshold: UInt32) -> [RealServer] {
        chosen.map { candidate in
            RealServer(
                Self.endpoint(candidate, number), forwarding: forwarding, weight: candidate.weight,
                upperThreshold: upperThreshold)
        }
    }

    /// Every candidate's.
    func decisions(_ number: UInt16?) -> [EndpointDecision] {
        zip(candidates, verdicts).map {
            EndpointDecision(endpoint: Self.endpoint($0, number), verdict: $1, source: $0.source.description)
        }
    }

    private static func endpoint(_ candidate: EndpointCandidate, _ number: UInt16?) -> Endpoint {
        number.map { Endpoint(candidate.endpoint.address, port: $0) } ?? candidate.endpoint
    }
}
