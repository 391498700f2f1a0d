import KubernetesObjects
import LoadBalancing

/// The endpoints of one Service, from the best source there is: EndpointSlices, else Endpoints, else Pods.
///
/// Each address is read, checked and sorted once, whatever the number of ports and addresses of the Service.
struct ServiceEndpoints {
    private enum Source {
        case slices([EndpointSlice])
        case endpoints(Endpoints)
        case pods([Pod])
    }

    /// An endpoint that traffic may reach, of no port yet.
    private struct Station {
        let candidate: EndpointCandidate
        /// Whose ports it has, of ``parts``.
        let part: Int
    }

    /// What gives the ports of some endpoints their numbers.
    private enum Part {
        case ports([EndpointPort])
        case pod(Pod)

        func number(for port: ServicePort) -> UInt16? {
            switch self {
            case .ports(let ports): ports.number(for: port)
            case .pod(let pod): pod.number(for: port)
            }
        }
    }

    private let service: Service
    private let source: Source
    private let policy: TranslationPolicy
    private var weights: [ObjectName: UInt32] = [:]
    private var parts: [Part] = []
    /// Sorted by address; of one address, the one that goes before the others first.
    private var stations: [AddressFamily: [Station]] = [:]
    private(set) var warnings: [TranslationWarning] = []

    /// The annotation that an Endpoints object gets when it holds only the first thousand addresses.
    private static let overCapacity = "endpoints.kubernetes.io/over-capacity"

    /// What a slice or a Pod may say, behind the prefix.
    static let annotations: Set<String> = ["weight"]
    /// Cilium's annotation of a slice, by our name.
    private static let sliceAliases = ["weight": "service.cilium.io/weight"]

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
        readAddresses()
    }

    /// The endpoints of a port in one family that traffic may reach, sorted, each once; without a port, all of them
    /// with port 0.
    func usable(for port: ServicePort?, _ family: AddressFamily) -> [EndpointCandidate] {
        guard let stations = stations[family] else { return [] }
        guard let port else { return stations.map(\.candidate).unique() }
        let numbers = parts.map { $0.number(for: port) }
        return stations.compactMap { station in numbers[station.part].map { station.candidate.at(port: $0) } }.unique()
    }

    /// The number that a port has at all endpoints; `nil` when it has several, or none at some of them. Such ports have
    /// the same endpoints but for the number.
    func commonNumber(for port: ServicePort) -> UInt16? {
        guard let number = parts.first?.number(for: port) else { return nil }
        return parts.dropFirst().allSatisfy { $0.number(for: port) == number } ? number : nil
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

    /// A Pod's host name counts within the Service that its subdomain names (`ShouldSetHostname` in k8s.io/endpointslice).
    private func hostname(of pod: Pod) -> String { pod.subdomain == service.metadata.name ? pod.hostname : "" }

    private mutating func readAnnotations() {
        switch source {
        case .slices(let slices):
            for slice in slices { readWeight(slice.metadata, aliases: Self.sliceAliases) }
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

    private mutating func readWeight(_ metadata: ObjectMetadata, aliases: [String: String] = [:]) {
        var reader = AnnotationReader(
            metadata, known: Self.annotations, aliases: aliases, heeded: policy.annotations)
        guard !reader.isEmpty else { return }
        weights[metadata.id] = reader.value("weight", expecting: "a weight from 0 to \(RealServer.maximumWeight)") {
            UInt32($0).flatMap { $0 <= RealServer.maximumWeight ? $0 : nil }
        }
        warnings += reader.warnings
    }
}

// MARK: - Addresses

extension ServiceEndpoints {
    private mutating func readAddresses() {
        var left = LeftEndpoints()
        switch source {
        case .slices(let slices): for slice in slices { read(slice, &left) }
        case .endpoints(let object):
            for subset in object.subsets {
                let part = self.part(subset.ports)
                for entry in subset.addresses { read(entry, isReady: true, part, object, &left) }
                for entry in subset.notReadyAddresses { read(entry, isReady: false, part, object, &left) }
            }
        case .pods(let pods): for pod in pods { read(pod, &left) }
        }
        for family in AddressFamily.allCases {
            stations[family]?.sort { $0.candidate.isBefore($1.candidate) }
        }
        noteOtherFamilies(&left)
        left.portless = portlessPorts
        warnings += left.messages.map { TranslationWarning(service.metadata.id, reason: .endpoint, $0) }
    }

    private mutating func read(_ slice: EndpointSlice, _ left: inout LeftEndpoints) {
        let name = slice.metadata.id
        guard let family = slice.family else {
            if !slice.endpoints.isEmpty { left.nameSlices.append(name.name) }
            return
        }
        if slice.unusedAddresses.count > 0 { left.others.append(slice.unusedAddresses) }
        let (part, weight) = (self.part(slice.ports), weights[name] ?? 1)
        for endpoint in slice.endpoints {
            guard let address = read(endpoint.address, family, &left), address.family == family else { continue }
            add(
                EndpointCandidate(
                    endpoint: Endpoint(address, port: 0), conditions: endpoint.conditions, nodeName: endpoint.nodeName,
                    zoneHints: endpoint.zoneHints, nodeHints: endpoint.nodeHints, weight: weight,
                    hostname: endpoint.hostname, pod: endpoint.pod, source: .slice(name)), part)
        }
    }

    private mutating func read(
        _ entry: EndpointAddress, isReady: Bool, _ part: Int, _ object: Endpoints, _ left: inout LeftEndpoints
    ) {
        guard let address = read(entry.ip, nil, &left) else { return }
        add(
            EndpointCandidate(
                endpoint: Endpoint(address, port: 0),
                conditions: EndpointConditions(ready: isReady, serving: isReady), nodeName: entry.nodeName,
                zoneHints: nil, nodeHints: nil, weight: 1, hostname: entry.hostname, pod: entry.pod,
                source: .endpoints(object.metadata.id)), part)
    }

    /// Its first address of each family counts, unless no traffic may reach that.
    private mutating func read(_ pod: Pod, _ left: inout LeftEndpoints) {
        // As the EndpointSlice controller derives the three conditions.
        let conditions = EndpointConditions(
            ready: service.publishNotReadyAddresses || pod.isReady && !pod.isTerminating,
            serving: service.publishNotReadyAddresses || pod.isReady, terminating: pod.isTerminating)
        parts.append(.pod(pod))
        var families: Set<AddressFamily> = []
        for text in pod.ips {
            let address = read(text, nil, &left)
            guard let family = (address ?? IPAddress(kubernetes: text))?.family, families.insert(family).inserted,
                let address
            else { continue }
            add(
                EndpointCandidate(
                    endpoint: Endpoint(address, port: 0), conditions: conditions, nodeName: pod.nodeName,
                    zoneHints: nil, nodeHints: nil, weight: weights[pod.metadata.id] ?? 1,
                    hostname: hostname(of: pod), pod: PodMark(pod.metadata.name), source: .pod(pod.metadata.id)),
                parts.count - 1)
        }
    }

    private mutating func add(_ candidate: EndpointCandidate, _ part: Int) {
        stations[candidate.endpoint.address.family, default: []].append(Station(candidate: candidate, part: part))
    }

    /// The slices of a Service mostly have the same ports, which are looked through once then.
    private mutating func part(_ ports: [EndpointPort]) -> Int {
        if case .ports(let last)? = parts.last, last == ports { return parts.count - 1 }
        parts.append(.ports(ports))
        return parts.count - 1
    }

    /// The address, if traffic may reach it: a tenant would reach what is the node's alone by others (CVE-2020-8558,
    /// CVE-2021-25737).
    private func read(_ text: String, _ family: AddressFamily?, _ left: inout LeftEndpoints) -> IPAddress? {
        guard !text.isEmpty else {
            left.missing += 1
            return nil
        }
        guard let address = IPAddress(kubernetes: text) else {
            left.unreadable.append("\"\(text)\"")
            return nil
        }
        if let family, address.family != family { left.strangers.append(text) }
        guard let refusal = policy.refusal(ofStation: address) else { return address }
        left.refused[refusal, default: []].append(address)
        return nil
    }

    /// Those of a family in which nobody reaches the Service. A Pod has addresses of all families of its cluster.
    private func noteOtherFamilies(_ left: inout LeftEndpoints) {
        if case .pods = source { return }
        let families = Set(service.clusterIPs.compactMap { IPAddress(kubernetes: $0)?.family })
        guard !families.isEmpty else { return }
        for family in AddressFamily.allCases where !families.contains(family) {
            left.otherFamilies[family] = (stations[family] ?? []).map(\.candidate.endpoint.address)
        }
    }

    /// The names of its endpoints' ports that have no number: absent means every port, which no proxy can serve.
    private var portlessPorts: [String] {
        let ports: [EndpointPort] =
            switch source {
            case .slices(let slices): slices.flatMap(\.ports)
            case .endpoints(let object): object.subsets.flatMap(\.ports)
            case .pods: []
            }
        let names = Set(ports.lazy.filter { $0.port ?? 0 == 0 }.map { $0.name.isEmpty ? "(without a name)" : $0.name })
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
