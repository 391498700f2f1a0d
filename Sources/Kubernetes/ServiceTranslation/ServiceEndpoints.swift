import KubernetesObjects
import LoadBalancing

/// The endpoints of one Service, from the best source there is: EndpointSlices, else Endpoints, else Pods.
struct ServiceEndpoints {
    private enum Source {
        case slices([EndpointSlice])
        case endpoints(Endpoints)
        case pods([Pod])
    }

    private let service: Service
    private let source: Source
    private let policy: TranslationPolicy
    private var weights: [ObjectName: UInt32] = [:]
    private(set) var warnings: [TranslationWarning] = []

    /// The annotation that an Endpoints object gets when it holds only the first thousand addresses.
    private static let overCapacity = "endpoints.kubernetes.io/over-capacity"

    /// What a slice or a Pod may say, behind the prefix.
    static let annotations: Set<String> = ["weight"]

    /// - Parameter policy: For what no traffic may reach, by default what an address itself tells; and for which
    ///   annotations count.
    init(of service: Service, in cluster: ClusterState, policy: TranslationPolicy = TranslationPolicy()) {
        self.service = service
        self.policy = policy
        let name = service.metadata.id
        let slices = cluster.slices[name]?.values.filter { service.takes($0) } ?? []
        if !slices.isEmpty {
            source = .slices(
                ServiceBounds.cut(slices.sorted { $0.metadata.name < $1.metadata.name }, of: name, &warnings))
        } else if let endpoints = cluster.endpoints[name] {
            source = .endpoints(endpoints)
        } else {
            let pods = cluster.pods[name.namespace]?.values.filter { service.selects($0) && !$0.hasEnded } ?? []
            source = .pods(pods.sorted { $0.metadata.name < $1.metadata.name })
        }
        readAnnotations()
        refuse()
    }

    /// The endpoints of a port that traffic may reach; without a port, all of them.
    func usable(for port: ServicePort?, _ family: AddressFamily) -> [EndpointCandidate] {
        candidates(for: port, family).filter { policy.refusal(ofStation: $0.endpoint.address) == nil }
    }

    /// How many there are, ready or not, of both families.
    var count: Int {
        switch source {
        case .slices(let slices): slices.reduce(0) { $0 + $1.endpoints.count }
        case .endpoints(let object):
            object.subsets.reduce(0) { $0 + $1.addresses.count + $1.notReadyAddresses.count }
        case .pods(let pods): pods.count
        }
    }

    /// The endpoints of a port in one family, sorted, each once; without a port, all of them with port 0.
    func candidates(for port: ServicePort?, _ family: AddressFamily) -> [EndpointCandidate] {
        switch source {
        case .slices(let slices): slices.flatMap { candidates(in: $0, port, family) }.unique()
        case .endpoints(let object): candidates(in: object, port, family).unique()
        case .pods(let pods): pods.compactMap { candidate($0, port, family) }.unique()
        }
    }

    private func candidates(
        in slice: EndpointSlice, _ port: ServicePort?, _ family: AddressFamily
    ) -> [EndpointCandidate] {
        guard slice.family == family, let number = port.map({ slice.ports.number(for: $0) }) ?? 0 else { return [] }
        let name = slice.metadata.id
        return slice.endpoints.compactMap { endpoint in
            guard let address = IPAddress(kubernetes: endpoint.address), address.family == family else {
                return nil
            }
            return EndpointCandidate(
                endpoint: Endpoint(address, port: number), conditions: endpoint.conditions, nodeName: endpoint.nodeName,
                zoneHints: endpoint.zoneHints, nodeHints: endpoint.nodeHints, weight: weights[name] ?? 1,
                hostname: endpoint.hostname, pod: endpoint.pod, source: .slice(name))
        }
    }

    private func candidates(
        in object: Endpoints, _ port: ServicePort?, _ family: AddressFamily
    ) -> [EndpointCandidate] {
        object.subsets.flatMap { subset -> [EndpointCandidate] in
            guard let number = port.map({ subset.ports.number(for: $0) }) ?? 0 else { return [] }
            return subset.addresses.compactMap { candidate($0, true, number, family, object) }
                + subset.notReadyAddresses.compactMap { candidate($0, false, number, family, object) }
        }
    }

    private func candidate(
        _ entry: EndpointAddress, _ isReady: Bool, _ port: UInt16, _ family: AddressFamily, _ object: Endpoints
    ) -> EndpointCandidate? {
        guard let address = IPAddress(kubernetes: entry.ip), address.family == family else { return nil }
        return EndpointCandidate(
            endpoint: Endpoint(address, port: port),
            conditions: EndpointConditions(ready: isReady, serving: isReady), nodeName: entry.nodeName, zoneHints: nil,
            nodeHints: nil, weight: 1, hostname: entry.hostname, pod: entry.pod,
            source: .endpoints(object.metadata.id))
    }

    private func candidate(_ pod: Pod, _ port: ServicePort?, _ family: AddressFamily) -> EndpointCandidate? {
        guard
            let address = pod.ips.lazy.compactMap({ IPAddress(kubernetes: $0) }).first(where: { $0.family == family }),
            let number = port.map({ pod.number(for: $0) }) ?? 0
        else { return nil }
        // As the EndpointSlice controller derives the three conditions.
        let conditions = EndpointConditions(
            ready: service.publishNotReadyAddresses || pod.isReady && !pod.isTerminating,
            serving: service.publishNotReadyAddresses || pod.isReady, terminating: pod.isTerminating)
        return EndpointCandidate(
            endpoint: Endpoint(address, port: number), conditions: conditions, nodeName: pod.nodeName, zoneHints: nil,
            nodeHints: nil, weight: weights[pod.metadata.id] ?? 1, hostname: hostname(of: pod),
            pod: PodMark(pod.metadata.name), source: .pod(pod.metadata.id))
    }

    /// A Pod's host name counts within the Service that its subdomain names (`ShouldSetHostname` in k8s.io/endpointslice).
    private func hostname(of pod: Pod) -> String { pod.subdomain == service.metadata.name ? pod.hostname : "" }

    private mutating func readAnnotations() {
        switch source {
        case .slices(let slices):
            for slice in slices { readWeight(slice.metadata) }
        case .pods(let pods):
            for pod in pods { readWeight(pod.metadata) }
        case .endpoints(let object):
            guard object.metadata.annotations[Self.overCapacity] == "truncated" else { return }
            warnings.append(
                TranslationWarning(
                    service.metadata.id, reason: .endpoint,
                    "its Endpoints object holds only the first 1,000 addresses (\(Self.overCapacity)): traffic "
                        + "reaches no others; provide EndpointSlices"))
        }
    }

    private mutating func readWeight(_ metadata: ObjectMetadata) {
        var reader = AnnotationReader(metadata, known: Self.annotations, heeded: policy.annotations)
        guard !reader.isEmpty else { return }
        weights[metadata.id] = reader.value("weight", expecting: "a weight from 0 to \(RealServer.maximumWeight)") {
            UInt32($0).flatMap { $0 <= RealServer.maximumWeight ? $0 : nil }
        }
        warnings += reader.warnings
    }
}

// MARK: - What is refused

extension ServiceEndpoints {
    /// Addresses of one kind that are named in a warning; the others are counted.
    private static let namedAddresses = 3

    /// Warns of endpoints that no traffic may reach: a tenant would reach what is the node's alone by them
    /// (CVE-2020-8558, CVE-2021-25737).
    private mutating func refuse() {
        var refused: [AddressRefusal: [IPAddress]] = [:]
        var unreadable: [String] = []
        var strangers: [String] = []
        for (text, family) in addressTexts where !text.isEmpty {
            guard let address = IPAddress(kubernetes: text) else {
                unreadable.append("\"\(text)\"")
                continue
            }
            if let family, address.family != family { strangers.append(text) }
            if let refusal = policy.refusal(ofStation: address) { refused[refusal, default: []].append(address) }
        }
        for (refusal, addresses) in refused.sorted(by: { $0.key.description < $1.key.description }) {
            warn("endpoint \(Self.list(Set(addresses).sorted().map(\.description))) is refused: \(refusal.description)")
        }
        if !unreadable.isEmpty { warn("endpoint \(Self.list(unreadable)) is no address and is left out") }
        if !strangers.isEmpty {
            warn("endpoint \(Self.list(strangers)) is not of its slice's addressType and is left out")
        }
        let portless = portlessPorts
        if !portless.isEmpty { warn("port \(Self.list(portless)) of its endpoints has no number and is left out") }
    }

    private mutating func warn(_ message: String) {
        warnings.append(TranslationWarning(service.metadata.id, reason: .endpoint, message))
    }

    private static func list(_ texts: [String]) -> String {
        let more = texts.count - namedAddresses
        return texts.prefix(namedAddresses).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    /// Every address, with the family that its slice says it has.
    private var addressTexts: [(text: String, family: AddressFamily?)] {
        switch source {
        case .slices(let slices):
            slices.filter { $0.family != nil }.flatMap { slice in slice.endpoints.map { ($0.address, slice.family) } }
        case .endpoints(let object):
            object.subsets.flatMap { ($0.addresses + $0.notReadyAddresses).map { ($0.ip, nil) } }
        case .pods(let pods): pods.flatMap { $0.ips.map { ($0, nil) } }
        }
    }

    /// The names of ports that are 0, of the Service's own.
    private var portlessPorts: [String] {
        let ports: [EndpointPort] =
            switch source {
            case .slices(let slices): slices.flatMap(\.ports)
            case .endpoints(let object): object.subsets.flatMap(\.ports)
            case .pods: []
            }
        let names = Set(ports.lazy.filter { $0.port == 0 }.map { $0.name.isEmpty ? "(without a name)" : $0.name })
        return names.sorted()
    }
}

extension [EndpointPort] {
    /// The number of the port that serves a Service's port: the one of the same name and protocol.
    fileprivate func number(for port: ServicePort) -> UInt16? {
        let number = first { $0.name == port.name && $0.transportProtocol == port.transportProtocol }?.port
        // As kube-proxy does: 0 is no port to send to (`pkg/proxy/endpointslicecache.go`).
        return number == 0 ? nil : number
    }
}

extension Service {
    /// Slices that are marked as headless are for DNS alone: no proxy may use them.
    fileprivate func takes(_ slice: EndpointSlice) -> Bool {
        clusterIPs.first == "None" || slice.metadata.labels["service.kubernetes.io/headless"] == nil
    }
}

extension Pod {
    /// The number that a Service's target port has in this Pod.
    fileprivate func number(for port: ServicePort) -> UInt16? {
        switch port.targetPort {
        case .none: port.port
        case .number(let number): number == 0 ? port.port : number
        case .name(let name):
            ports.first { $0.name == name && $0.transportProtocol == port.transportProtocol }?.containerPort
        }
    }
}
