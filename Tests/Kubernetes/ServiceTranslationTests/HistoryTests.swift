// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import KubernetesObjects
import LoadBalancing
import TestSupport
import Testing

@testable import ServiceTranslation

/// Random histories of objects that come, change and go.
@Suite struct HistoryTests {
    private enum Event {
        case set(KubernetesObject)
        case remove(ObjectIdentity)
    }

    /// - Parameters:
    ///   - reserved: How many of the addresses that Services ask for are the API server's or a gateway's.
    ///   - own: How many addresses this machine has, some of which they ask for or let in.
    private static func translator(reserved: Int = 0, own: Int = 0) -> ServiceTranslator {
        var policy = TranslationPolicy(nodeName: "n1", zone: "z1")
        policy.nodeAddresses = (0..<own).map { .of("192.0.2.\($0 + 5)") }
        policy.keep(DataPathSettings())
        policy.addresses.apiServers = Set((0..<reserved).map { .of("192.0.2.\($0 + 1)") })
        policy.addresses.gateways = reserved > 1 ? [.of("192.0.2.3")] : []
        return ServiceTranslator(policy: policy)
    }

    /// After any history, refreshed at any moments, the index is what the last state of the objects alone gives.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func aHistoryEndsWhereItsLastStateDoes(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 1...100 {
            var translator = Self.translator()
            var index = ServiceIndex(translator: translator)
            var objects: [ObjectIdentity: KubernetesObject] = [:]
            var known: [VirtualServerKey: DesiredVirtualServer] = [:]
            var elements: Set<DataPathElement> = []
            var checks: [UInt16: HealthCheck] = [:]
            var warnings: Set<TranslationWarning> = []
            for _ in 1...Int.random(in: 5...40, using: &generator) {
                switch event(&generator, objects) {
                case .set(let object):
                    objects[object.identity!] = object
                    index.update { $0.set(object) }
                case .remove(let identity):
                    objects[identity] = nil
                    index.update { $0.remove(identity) }
                }
                if Int.random(in: 0..<10, using: &generator) == 0 {
                    translator = Self.translator(
                        reserved: Int.random(in: 0...2, using: &generator),
                        own: Int.random(in: 0...3, using: &generator))
                    index.use(translator)
                }
                guard Bool.random(using: &generator) else { continue }
                // Who follows only the keys that changed knows everything.
                for key in index.refresh(atMost: Int.random(in: 1...50, using: &generator)) {
                    known[key] = index.desired(key)
                }
                elements.apply(index.takeDataPathChange())
                for (port, check) in index.takeHealthCheckChange() { checks[port] = check }
                warnings.apply(index.takeWarningChange(atMost: 5))
            }
            for key in index.refresh() { known[key] = index.desired(key) }
            elements.apply(index.takeDataPathChange())
            for (port, check) in index.takeHealthCheckChange() { checks[port] = check }
            warnings.apply(index.takeWarningChange())
            var scratch = ServiceIndex(Array(objects.values), translator: translator)
            _ = scratch.takeWarningChange()
            #expect(index.warningCounts == scratch.warningCounts)
            #expect(index.desiredVirtualServers == scratch.desiredVirtualServers)
            #expect(index.conflicts == scratch.conflicts)
            #expect(index.warnings == scratch.warnings)
            #expect(index.dataPath == scratch.dataPath)
            #expect(elements == scratch.dataPath)
            #expect(index.healthChecks == scratch.healthChecks && checks == scratch.healthChecks)
            #expect(warnings == Set(scratch.warnings))
            #expect(index.healthCheckConflicts == scratch.healthCheckConflicts)
            #expect(known.values.sorted { $0.key < $1.key } == scratch.desiredVirtualServers)
        }
    }

    /// The order in which objects come does not matter.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func anyOrderGivesTheSame(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 1...50 {
            var objects: [ObjectIdentity: KubernetesObject] = [:]
            for _ in 1...25 {
                if case .set(let object) = event(&generator, objects) { objects[object.identity!] = object }
            }
            var tables: Set<[DesiredVirtualServer]> = []
            for _ in 1...3 {
                var index = ServiceIndex(translator: Self.translator())
                for object in objects.values.shuffled(using: &generator) { index.update { $0.set(object) } }
                _ = index.refresh()
                tables.insert(index.desiredVirtualServers)
            }
            #expect(tables.count == 1)
        }
    }

    /// A new list takes the place of everything before it, whatever that was.
    @Test func aListReplacesWhatWasThere() {
        var generator = SeededGenerator(seed: 7)
        for _ in 1...300 {
            var index = ServiceIndex(translator: Self.translator())
            var last: [ObjectIdentity: KubernetesObject] = [:]
            for round in 1...2 {
                last = [:]
                for _ in 1...20 {
                    if case .set(let object) = event(&generator, last) { last[object.identity!] = object }
                }
                for kind in ["Service", "EndpointSlice", "Endpoints", "Pod", "Node", "ServiceCIDR"] {
                    let objects = last.values.filter { $0.identity?.kind == kind }
                    index.update { $0.replace(kind, with: Array(objects), keeping: []) }
                    if round == 2, Bool.random(using: &generator) { _ = index.refresh() }
                }
            }
            _ = index.refresh()
            let scratch = ServiceIndex(Array(last.values), translator: Self.translator())
            #expect(index.desiredVirtualServers == scratch.desiredVirtualServers)
        }
    }
}

extension Set<TranslationWarning> {
    /// Follows a change, each of whose warnings has to be one.
    fileprivate mutating func apply(_ change: WarningChange) {
        for warning in change.removed { #expect(remove(warning) != nil) }
        for warning in change.added { #expect(insert(warning).inserted) }
    }
}

extension Set<DataPathElement> {
    /// Follows a change, each of whose elements has to be one.
    fileprivate mutating func apply(_ change: DataPathChange) {
        for element in change.removed { #expect(remove(element) != nil) }
        for element in change.added { #expect(insert(element).inserted) }
    }
}

// MARK: - Events

extension HistoryTests {
    private func event(
        _ generator: inout SeededGenerator, _ objects: [ObjectIdentity: KubernetesObject]
    ) -> Event {
        if Int.random(in: 0..<4, using: &generator) == 0,
            let identity = objects.keys.sorted(by: { $0.description < $1.description }).randomElement(using: &generator)
        {
            return .remove(identity)
        }
        switch Int.random(in: 0..<9, using: &generator) {
        case 0...2: return .set(.service(service(&generator)))
        case 3, 4: return .set(.endpointSlice(slice(&generator)))
        case 5: return .set(.endpoints(endpoints(&generator)))
        case 6: return .set(.node(node(&generator)))
        case 7:
            let cidrs = [["192.0.2.0/30"], ["10.96.0.0/16"], ["192.0.2.4/30", "10.96.0.0/16"]]
            return .set(
                .serviceCIDR(
                    ServiceCIDR(
                        ObjectMetadata(name: "c\(Int.random(in: 1...2, using: &generator))"),
                        cidrs: cidrs.randomElement(using: &generator)!)))
        default: return .set(.pod(pod(&generator)))
        }
    }

    private func metadata(_ name: String, _ labels: [String: String] = [:], created: String = "") -> ObjectMetadata {
        ObjectMetadata(name: name, namespace: "shop", creationTimestamp: created, labels: labels)
    }

    /// Few names and few addresses: they collide often.
    private func service(_ generator: inout SeededGenerator) -> Service {
        let number = Int.random(in: 1...4, using: &generator)
        let created = "2026-01-0\(Int.random(in: 1...9, using: &generator))T00:00:00Z"
        var service = Service(metadata("s\(number)", created: created))
        service.clusterIPs = [
            ["10.96.0.\(Int.random(in: 1...3, using: &generator))", "None", ""].randomElement(using: &generator)!
        ]
        service.ports = [ServicePort(name: "", port: 80, targetPort: .number(8080))]
        if Bool.random(using: &generator) { service.selector = ["app": "a\(number % 2)"] }
        if Bool.random(using: &generator) { service.externalIPs = asked(&generator) }
        if Bool.random(using: &generator) {
            service.kind = .nodePort
            service.ports[0].nodePort = UInt16.random(in: 30_010...30_012, using: &generator)
        }
        if Bool.random(using: &generator) {
            service.loadBalancerIngress = asked(&generator).map { LoadBalancerIngress(ip: $0) }
        }
        if Bool.random(using: &generator) {
            service.kind = .loadBalancer
            service.externalTrafficPolicy = .local
            service.healthCheckNodePort = UInt16.random(in: 30_000...30_002, using: &generator)
            if Bool.random(using: &generator) { service.loadBalancerSourceRanges = ["192.0.2.5/32"] }
        }
        return service
    }

    /// Addresses that nodes, networks, the API server and other Services have at times.
    private func asked(_ generator: inout SeededGenerator) -> [String] {
        (1...2).map { _ in
            [
                "192.0.2.\(Int.random(in: 1...6, using: &generator))",
                "10.96.0.\(Int.random(in: 1...3, using: &generator))",
            ]
            .randomElement(using: &generator)!
        }
    }

    private func node(_ generator: inout SeededGenerator) -> Node {
        Node(
            ObjectMetadata(name: "n\(Int.random(in: 1...3, using: &generator))"),
            addresses: ["192.0.2.\(Int.random(in: 1...6, using: &generator))"],
            podNetworks: Bool.random(using: &generator) ? ["192.0.2.6/32"] : [])
    }

    private func slice(_ generator: inout SeededGenerator) -> EndpointSlice {
        // A slice can change its Service.
        let owner = Int.random(in: 1...5, using: &generator)
        return EndpointSlice(
            metadata(
                "slice\(Int.random(in: 1...6, using: &generator))",
                owner == 5 ? [:] : [ClusterState.serviceNameLabel: "s\(owner)"]),
            family: .ipv4, ports: [EndpointPort(name: "", port: 8080)],
            endpoints: (1...3).map { _ in
                SliceEndpoint(
                    address: "10.1.0.\(Int.random(in: 1...9, using: &generator))",
                    conditions: EndpointConditions(ready: Bool.random(using: &generator)),
                    nodeName: Bool.random(using: &generator) ? "n1" : "n2")
            })
    }

    private func endpoints(_ generator: inout SeededGenerator) -> Endpoints {
        Endpoints(
            metadata("s\(Int.random(in: 1...4, using: &generator))"),
            subsets: [
                EndpointSubset(
                    addresses: [EndpointAddress(ip: "10.2.0.\(Int.random(in: 1...9, using: &generator))")],
                    ports: [EndpointPort(name: "", port: 8080)])
            ])
    }

    private func pod(_ generator: inout SeededGenerator) -> Pod {
        let number = Int.random(in: 1...5, using: &generator)
        return Pod(
            metadata("p\(number)", ["app": "a\(Int.random(in: 0...1, using: &generator))"]), ips: ["10.3.0.\(number)"],
            isReady: Bool.random(using: &generator))
    }
}
