import KubernetesObjects
import LoadBalancing

/// How much of a node one Service may take. Objects of a cluster are written by its tenants: what goes beyond is left
/// out and told, and nobody but that Service has less of it.
enum ServiceBounds {
    /// The longest name of an object or a port, in bytes, as the API server has it.
    static let nameLength = 253
    static let ports = 512
    /// One of each family.
    static let clusterIPs = 2
    static let externalIPs = 64
    static let ingresses = 64
    /// `loadBalancerSourceRanges`; with more, nobody is let in.
    static let sourceRanges = 1_000
    /// Endpoints in all of its EndpointSlices, or in its Endpoints object, or of its Pods.
    static let endpoints = 10_000
    /// Addresses times ports: of its own addresses, and as many of its node ports.
    static let virtualServers = 2_048
    /// Real servers of all these; again as many of its node ports.
    static let realServers = 100_000
    /// Bytes of the value of an annotation of ours.
    static let annotationLength = 256
    /// Warnings that are kept, and bytes of each.
    static let warnings = 20
    static let warningLength = 1_000

    /// A Service with what the node serves of it.
    ///
    /// - Parameters:
    ///   - endpoints: How many it has.
    ///   - warnings: Gets what is left out.
    static func cut(
        _ whole: Service, endpoints: Int, policy: TranslationPolicy, _ warnings: inout [TranslationWarning]
    ) -> Service {
        var service = whole
        var cuts = Cuts(object: whole.metadata.id)
        guard !cuts.isTooLong(whole) else {
            service.ports = []
            warnings.append(cuts.tooLong)
            return service
        }
        cuts.keep(clusterIPs, of: &service.clusterIPs, "clusterIPs")
        cuts.keep(externalIPs, of: &service.externalIPs, "externalIPs")
        cuts.keep(ingresses, of: &service.loadBalancerIngress, "load balancer ingresses")
        cuts.keep(ports, of: &service.ports, "ports")
        let virtualServers = min(virtualServers, realServers / max(endpoints, 1))
        let addresses = service.clusterIPs.count
        cuts.keep(virtualServers - addresses, of: &service.externalIPs, "externalIPs", endpoints: endpoints)
        cuts.keep(
            virtualServers - addresses - service.externalIPs.count, of: &service.loadBalancerIngress,
            "load balancer ingresses", endpoints: endpoints)
        let all = addresses + service.externalIPs.count + service.loadBalancerIngress.count
        cuts.keep(virtualServers / max(all, 1), of: &service.ports, "ports", endpoints: endpoints)
        cutNodePorts(of: &service, virtualServers, policy, &cuts, endpoints)
        warnings += cuts.warnings
        return service
    }

    /// Node ports are served on addresses that the node's administrator chose: they have a budget of their own.
    private static func cutNodePorts(
        of service: inout Service, _ virtualServers: Int, _ policy: TranslationPolicy, _ cuts: inout Cuts,
        _ endpoints: Int
    ) {
        let nodePorts = service.ports.indices.filter { service.ports[$0].nodePort > 0 }
        guard !nodePorts.isEmpty else { return }
        let addresses = Set(service.clusterIPs.compactMap { IPAddress(kubernetes: $0)?.family })
            .reduce(0) { $0 + policy.nodePortAddresses($1).count }
        var kept = nodePorts
        cuts.keep(virtualServers / max(addresses, 1), of: &kept, "node ports", endpoints: endpoints)
        for index in nodePorts.dropFirst(kept.count) { service.ports[index].nodePort = 0 }
    }

    /// The slices that count, in their order, and of the last one as much as counts.
    static func cut(
        _ slices: [EndpointSlice], of service: ObjectName, _ warnings: inout [TranslationWarning]
    ) -> [EndpointSlice] {
        let total = slices.reduce(0) { $0 + $1.endpoints.count }
        guard total > endpoints else { return slices }
        warnings.append(
            .bound(service, "it has \(total) endpoints; the first \(endpoints) are used: split the Service"))
        var room = endpoints
        return slices.prefix { _ in room > 0 }.map { slice in
            var slice = slice
            slice.endpoints = Array(slice.endpoints.prefix(room))
            room -= slice.endpoints.count
            return slice
        }
    }
}

/// What is left out of one Service.
private struct Cuts {
    let object: ObjectName
    private(set) var warnings: [TranslationWarning] = []

    init(object: ObjectName) { self.object = object }

    /// Leaves out what comes after the first ones.
    mutating func keep<Element>(_ limit: Int, of list: inout [Element], _ field: String, endpoints: Int? = nil) {
        let limit = max(limit, 0)
        guard list.count > limit else { return }
        let reason = endpoints.map { " with \($0) endpoints" } ?? ""
        warnings.append(
            .bound(
                object,
                "\(list.count) \(field)\(reason): the first \(limit) are served, which is what one Service may have; "
                    + "split it"))
        list.removeLast(list.count - limit)
    }

    func isTooLong(_ service: Service) -> Bool {
        [service.metadata.name, service.metadata.namespace].contains { $0.utf8.count > ServiceBounds.nameLength }
            || service.ports.contains { $0.name.utf8.count > ServiceBounds.nameLength }
    }

    var tooLong: TranslationWarning {
        .bound(
            object,
            "its name, its namespace or the name of a port is longer than \(ServiceBounds.nameLength) bytes; it is "
                + "not served: give it a shorter one")
    }
}

extension TranslatedService {
    /// Keeps the first warnings, and of each what a line can hold; the others are counted.
    mutating func limitWarnings() {
        let others = warnings.dropFirst(ServiceBounds.warnings)
        if !others.isEmpty {
            hiddenWarnings = WarningCounts(others)
            warnings.removeLast(others.count)
            warnings.append(.bound(name, "\(hiddenWarnings.total) more warnings are not shown"))
        }
        for index in warnings.indices { warnings[index].limit(to: ServiceBounds.warningLength) }
    }
}

extension TranslationWarning {
    /// Something that goes beyond what one Service may have.
    static func bound(_ object: ObjectName, _ message: String) -> TranslationWarning {
        TranslationWarning(object, reason: .bound, message)
    }
}

extension String {
    /// The text, or the beginning of a long one, for a message.
    func excerpt(_ length: Int = 64) -> String {
        utf8.count <= length ? self : String(decoding: utf8.prefix(length), as: UTF8.self) + "…"
    }
}

extension [String] {
    /// `a, b, c and 2 more`.
    ///
    /// - Parameter count: How many there are, if these are not all.
    func firstFew(of count: Int? = nil) -> String {
        let named = prefix(3)
        let more = (count ?? self.count) - named.count
        return named.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}
