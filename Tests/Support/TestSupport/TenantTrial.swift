internal import DataPath
internal import Documents
internal import KubernetesObjects
internal import LoadBalancing
internal import ServiceTranslation

/// A well-behaved tenant beside a hostile one, through the whole translation: nothing of the first may change, and what
/// the second has stays within bounds.
package struct TenantTrial {
    /// What was seen, at most.
    package struct Figures: CustomStringConvertible {
        package fileprivate(set) var objects = 0
        /// Those that the reader refused: an agent keeps what it knew of them.
        package fileprivate(set) var unreadable = 0
        /// Of up to twenty objects.
        package fileprivate(set) var longestRefresh = Duration.zero
        /// Of one hostile Service.
        package fileprivate(set) var virtualServers = 0
        package fileprivate(set) var realServers = 0
        package fileprivate(set) var warnings = 0
        package fileprivate(set) var warningBytes = 0

        package var description: String {
            "\(objects) objects, \(unreadable) unreadable; longest refresh \(longestRefresh / .milliseconds(1)) ms; at "
                + "most \(virtualServers) virtual servers, \(realServers) real servers, \(warnings) warnings of "
                + "\(warningBytes) bytes for one Service"
        }
    }

    /// What the hostile tenant has changed of the other.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private var index: ServiceIndex
    private var tenant: HostileTenant
    private let wanted: [DesiredVirtualServer]
    private let elements: Set<DataPathElement>
    package private(set) var figures = Figures()

    /// Objects between two refreshes.
    private static let batch = 20

    package init(seed: UInt64, size: Int = 1) throws {
        var policy = TranslationPolicy(
            nodeName: "n1", nodeAddresses: [IPAddress(v4: 0xC000_020B)], primaryAddresses: [IPAddress(v4: 0xC000_020B)])
        policy.keep(DataPathSettings(firewall: FirewallSettings(podNetworks: Self.podNetworks)))
        index = ServiceIndex(translator: ServiceTranslator(policy: policy))
        for text in Self.goodObjects {
            let object = try Self.read(text.json, text.kind)
            index.update { $0.set(object) }
        }
        _ = index.refresh()
        wanted = index.desiredVirtualServers
        elements = index.dataPath
        _ = index.takeDataPathChange()
        tenant = HostileTenant(seed: seed, coveted: Self.coveted, size: size)
    }

    /// Lets the hostile tenant do as much.
    package mutating func run(objects count: Int) throws {
        let end = figures.objects + count
        while figures.objects < end {
            var touched: Set<ObjectName> = []
            for _ in 0..<min(Self.batch, end - figures.objects) { touched.formUnion(act()) }
            let began = ContinuousClock.now
            _ = index.refresh()
            figures.longestRefresh = max(figures.longestRefresh, began.duration(to: .now))
            try check(touched)
        }
    }

    private mutating func act() -> Set<ObjectName> {
        let act = tenant.next()
        let kind = act.resource == "services" ? "Service" : "EndpointSlice"
        let name = ObjectName(namespace: HostileTenant.namespace, name: act.name)
        figures.objects += 1
        var touched: Set<ObjectName> = []
        if let json = act.json {
            guard let object = try? Self.read(json, kind) else {
                figures.unreadable += 1
                return []
            }
            index.update { cluster in
                touched = cluster.set(object)
                return touched
            }
        } else {
            index.update { cluster in
                touched = cluster.remove(ObjectIdentity(kind: kind, name: name))
                return touched
            }
        }
        return touched
    }

    private mutating func check(_ touched: Set<ObjectName>) throws {
        for server in wanted where index.desired(server.key) != server {
            throw Failure(description: "\(server.key) is no longer what it was after \(figures.objects) objects")
        }
        let change = index.takeDataPathChange()
        if let taken = change.added.first(where: \.takesPod) {
            throw Failure(description: "\(taken) is taken from a Pod after \(figures.objects) objects")
        }
        let lost = change.removed.intersection(elements)
        guard lost.isEmpty else {
            throw Failure(description: "\(lost) went after \(figures.objects) objects")
        }
        for name in touched {
            guard let service = index[name] else { continue }
            let realServers = service.virtualServers.reduce(0) { $0 + $1.desired.realServers.count }
            figures.virtualServers = max(figures.virtualServers, service.virtualServers.count)
            figures.realServers = max(figures.realServers, realServers)
            figures.warnings = max(figures.warnings, service.warnings.count)
            figures.warningBytes = max(
                figures.warningBytes, service.warnings.map(\.message.utf8.count).max() ?? 0)
        }
    }

    private static func read(_ json: String, _ kind: String) throws -> KubernetesObject {
        var found: YAMLNode?
        _ = try YAMLNode.forEachObject(inJSON: Array(json.utf8)) { found = $0.node }
        guard let node = found else { throw Failure(description: "no object in \(json.prefix(200))") }
        return try KubernetesObject(node, kind: kind)
    }
}

// MARK: - The well-behaved tenant

extension TenantTrial {
    fileprivate static let podNetworks = [IPPrefix("10.244.0.0/16")].compactMap(\.self)

    /// Its addresses, its Pods', and the node's.
    package static let coveted =
        (0..<10).flatMap { ["10.96.1.\($0)", "203.0.113.\($0)", "10.244.1.\($0 + 1)"] } + ["192.0.2.11"]

    /// Ten Services with an endpoint each; every second one has source ranges.
    package static let goodObjects: [(kind: String, resource: String, json: String)] = (0..<10).flatMap { number in
        let ranges = number % 2 == 0 ? #""loadBalancerSourceRanges":["192.0.2.0/24","2001:db8::/32"],"# : ""
        let service =
            #"{"metadata":{"name":"web\#(number)","namespace":"good","creationTimestamp":"2026-01-01T00:00:00Z"},"#
            + #""spec":{"type":"LoadBalancer",\#(ranges)"clusterIP":"10.96.1.\#(number)","#
            + #""clusterIPs":["10.96.1.\#(number)"],"ports":[{"port":80,"protocol":"TCP"}]},"#
            + #""status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.\#(number)"}]}}}"#
        let slice =
            #"{"metadata":{"name":"web\#(number)-1","namespace":"good","labels":{"#
            + #""kubernetes.io/service-name":"web\#(number)"}},"addressType":"IPv4","ports":[{"name":"","port":8080,"#
            + #""protocol":"TCP"}],"endpoints":[{"addresses":["10.244.1.\#(number + 1)"],"nodeName":"n1"}]}"#
        return [("Service", "services", service), ("EndpointSlice", "endpointslices", slice)]
    }
}

extension DataPathElement {
    /// Whether the node takes the address of a Pod for its own.
    fileprivate var takesPod: Bool {
        guard case .address(let address) = self else { return false }
        return TenantTrial.podNetworks.contains { $0.contains(address) }
    }
}
