// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// What one Service may take of a node.
@Suite struct ServiceBoundsTests {
    private static let name = ObjectName(namespace: "default", name: "web")

    private static func service(_ change: (inout Service) -> Void = { _ in }) -> Service {
        var service = Service(
            ObjectMetadata(name: "web", namespace: "default"), kind: .loadBalancer, clusterIPs: ["10.96.0.10"],
            ports: [ServicePort(port: 80, nodePort: 30_080)])
        change(&service)
        return service
    }

    private static func slices(_ counts: [Int]) -> [KubernetesObject] {
        counts.enumerated().map { index, count in
            let metadata = ObjectMetadata(
                name: "web-\(1_000 + index)", namespace: "default", labels: [ClusterState.serviceNameLabel: "web"])
            return .endpointSlice(
                EndpointSlice(
                    metadata, family: .ipv4, ports: [EndpointPort(port: 8080)],
                    endpoints: (0..<count).map {
                        SliceEndpoint(address: "10.\(index).\($0 / 250).\($0 % 250 + 1)")
                    }))
        }
    }

    private static func translate(
        _ service: Service, _ slices: [KubernetesObject] = [], nodeAddresses: Int = 1
    ) -> TranslatedService {
        var policy = TranslationPolicy(
            nodeName: "n1", nodeAddresses: (1...nodeAddresses).map { IPAddress(v4: 0xC000_0200 + UInt32($0)) })
        policy.keep(DataPathSettings())
        let index = ServiceIndex([.service(service)] + slices, translator: ServiceTranslator(policy: policy))
        return index[service.metadata.id]!
    }

    private static func counts(_ service: TranslatedService) -> [TranslatedVirtualServer.Role: Int] {
        service.virtualServers.reduce(into: [:]) { $0[$1.role, default: 0] += 1 }
    }

    @Test func aServiceWithinItsBoundsHasAllOfIt() {
        let found = Self.translate(
            Self.service { service in
                service.ports = (1...15).map { ServicePort(name: "p\($0)", port: $0) }
                service.externalIPs = (1...64).map { "198.51.100.\($0)" }
                service.loadBalancerIngress = (1...64).map { LoadBalancerIngress(ip: "203.0.113.\($0)") }
            })
        #expect(Self.counts(found) == [.clusterIP: 15, .externalIP: 15 * 64, .loadBalancer: 15 * 64])
        #expect(found.warnings.isEmpty)
    }

    @Test func whatGoesBeyondIsLeftOutAndTold() {
        let found = Self.translate(
            Self.service { service in
                service.clusterIPs = ["10.96.0.10", "fd00::10", "10.96.0.11"]
                service.ports = (1...600).map { ServicePort(name: "p\($0)", port: $0) }
                service.externalIPs = (1...200).map { "198.51.100.\($0)" }
                service.loadBalancerIngress = (1...200).map { LoadBalancerIngress(ip: "203.0.113.\($0)") }
            })
        // 2,048 virtual servers of 2 + 64 + 64 addresses.
        #expect(Self.counts(found) == [.clusterIP: 2 * 15, .externalIP: 15 * 64, .loadBalancer: 15 * 64])
        #expect(found.warnings.map(\.reason) == Array(repeating: .bound, count: 5))
        #expect(found.warnings.map(\.message).contains { $0.hasPrefix("600 ports: the first 512 are served") })
    }

    /// The product counts: of addresses, ports and endpoints, each within its own bound.
    @Test func realServersAreBounded() {
        let found = Self.translate(
            Self.service { service in
                service.ports = (1...20).map { ServicePort(port: 1_000 + $0, nodePort: 30_000 + $0) }
                service.externalIPs = (1...60).map { "198.51.100.\($0)" }
                service.loadBalancerIngress = (1...60).map { LoadBalancerIngress(ip: "203.0.113.\($0)") }
            }, Self.slices([1_000, 1_000]), nodeAddresses: 10)
        let (own, node) = (
            found.virtualServers.filter { $0.role != .nodePort }, found.virtualServers.filter { $0.role == .nodePort }
        )
        #expect(own.reduce(0) { $0 + $1.desired.realServers.count } <= ServiceBounds.realServers)
        #expect(node.reduce(0) { $0 + $1.desired.realServers.count } <= ServiceBounds.realServers)
        // The cluster IP keeps its endpoints, and so do node ports as far as it goes.
        #expect(own.contains { $0.role == .clusterIP && $0.desired.realServers.count == 2_000 })
        #expect(node.contains { $0.desired.realServers.count == 2_000 })
        #expect(!found.warnings.isEmpty)
    }

    @Test func endpointsAreBounded() {
        let found = Self.translate(Self.service { $0.ports[0].nodePort = 0 }, Self.slices([6_000, 6_000]))
        #expect(found.virtualServers.map(\.desired.realServers.count) == [10_000])
        #expect(
            found.warnings.map(\.message) == [
                "it has 12000 endpoints; the first 10000 are used: split the Service"
            ])
        #expect(Self.translate(Self.service(), Self.slices([5_000, 5_000])).warnings.isEmpty)
    }

    @Test func longNamesAreNotServed() {
        let long = String(repeating: "n", count: 254)
        let found = [
            Self.translate(Self.service { $0.metadata.name = long }),
            Self.translate(Self.service { $0.ports[0].name = long }),
        ]
        for service in found { #expect(service.virtualServers.isEmpty && service.warnings.count == 1) }
    }

    /// A hundred thousand bytes from a tenant make no line of as many.
    @Test func warningsAreBounded() {
        let long = String(repeating: "x", count: 100_000)
        let found = Self.translate(
            Self.service { service in
                service.externalIPs = [long]
                service.loadBalancerSourceRanges = [long] + (0..<900).map { "bad\($0)" }
                service.loadBalancerIngress = (0..<64).map { LoadBalancerIngress(ip: "bad\($0)" + long) }
                for number in 0..<1_000 {
                    service.metadata.annotations["ipvsync.io/unknown\(number)" + long.prefix(9)] = ""
                }
                service.metadata.annotations["ipvsync.io/scheduler"] = long
            })
        #expect(found.warnings.count == ServiceBounds.warnings + 1)
        #expect(found.warnings.allSatisfy { $0.message.utf8.count <= ServiceBounds.warningLength + 3 })
        #expect(found.warnings.last?.message.hasSuffix(" more warnings are not shown") == true)
    }

    /// Thousands of warnings of one namespace hide nobody else's.
    @Test func warningsOfANamespaceAreBounded() {
        var services = (0..<300).map { number in
            Self.service { service in
                service.metadata.name = "e\(number)"
                service.metadata.namespace = "evil"
                service.clusterIPs = ["10.97.\(number / 250).\(number % 250)"]
                service.externalIPs = ["bad"]
            }
        }
        services.append(
            Self.service { service in
                service.externalIPs = ["worse"]
            })
        let index = ServiceIndex(
            services.map(KubernetesObject.service), translator: ServiceTranslator(policy: TranslationPolicy()))
        let warnings = index.warnings
        #expect(warnings.count { $0.object.namespace == "evil" } == WarningList.limit + 1)
        #expect(warnings.contains { $0.object == Self.name })
        #expect(warnings.last?.reason == .bound)
        // The metric has all of them, by their reasons.
        #expect(index.warningCounts == WarningCounts(services.map { TranslationWarning($0.metadata.id, "") }))
    }

    /// What a Service's own bound hides is counted by its reason, and what many claim by everybody who does not get it.
    @Test func everyWarningIsCounted() {
        var index = ServiceIndex(translator: ServiceTranslator(policy: TranslationPolicy()))
        let refused = Self.service { $0.externalIPs = (1...60).map { "127.0.0.\($0)" } }
        let claimants = (1...250).map { number in
            Self.service { service in
                service.metadata.name = "e\(number)"
                service.clusterIPs = ["10.97.0.\(number)"]
                service.externalIPs = ["203.0.113.1"]
            }
        }
        for service in [refused] + claimants { index.update { $0.set(.service(service)) } }
        _ = index.refresh()
        _ = index.takeWarningChange()
        #expect(index.warningCounts[.address] == 60 && index.warningCounts[.conflict] == 249)
        // That its warnings are too many.
        #expect(index.warningCounts[.bound] == 1)
        for service in [refused] + claimants.dropFirst(2) {
            index.update { $0.remove(ObjectIdentity(kind: "Service", name: service.metadata.id)) }
        }
        _ = index.refresh()
        _ = index.takeWarningChange()
        #expect(index.warningCounts[.conflict] == 1 && index.warningCounts.total == 1)
    }

    /// Thousands that claim one address cost little, each as it comes and goes.
    @Test func manyClaimsOfOneAddress() {
        var index = ServiceIndex(translator: ServiceTranslator(policy: TranslationPolicy()))
        let services = (0..<2_000).map { number in
            Self.service { service in
                service.metadata.name = "e\(number)"
                service.metadata.creationTimestamp = "2026-01-01T00:00:\(10 + number % 50)Z"
                service.clusterIPs = ["10.97.\(number / 250).\(number % 250)"]
                service.externalIPs = ["203.0.113.1"]
                service.ports[0].nodePort = 0
            }
        }
        for service in services { index.update { $0.set(service, named: service.metadata.id) } }
        _ = index.refresh()
        let key = VirtualServerKey("tcp 203.0.113.1:80")!
        #expect(index.holder(of: key)?.name == "e0" && index.conflicts.count == 1_999)
        for service in services.dropLast() { index.update { $0.set(Service?.none, named: service.metadata.id) } }
        _ = index.refresh()
        #expect(index.holder(of: key)?.name == "e1999" && index.conflicts.isEmpty)
    }

    // MARK: - Annotations

    /// Any other name would make the kernel load a module of that name.
    @Test(arguments: ["ftp", "rr ", "RR", "ip_vs_rr", "", "nf_nat", "maglev"]) func otherSchedulersAreRefused(
        name: String
    ) {
        let found = Self.translate(Self.service { $0.metadata.annotations["ipvsync.io/scheduler"] = name })
        #expect(found.virtualServers.allSatisfy { $0.desired.virtualServer.scheduler.name == "rr" })
        #expect(found.warnings.count == 1)
    }

    @Test func knownSchedulersAndTheNodesOwnAreTaken() {
        var policy = TranslationPolicy(scheduler: Scheduler("ours"))
        for name in Scheduler.knownNames + ["ours"] {
            let service = Self.service { $0.metadata.annotations["ipvsync.io/scheduler"] = name }
            let settings = ServiceSettings(service, policy: policy)
            #expect(settings.scheduler.name == name && settings.warnings.isEmpty)
        }
        policy.annotations = .none
        let service = Self.service { $0.metadata.annotations["ipvsync.io/scheduler"] = "wrr" }
        #expect(ServiceSettings(service, policy: policy).scheduler.name == "ours")
    }

    @Test(
        arguments: [
            (HeededAnnotations.all, "wrr", 7, 0), (.none, "rr", 1, 2), (.named(["weight"]), "rr", 7, 1),
            (.named(["scheduler"]), "wrr", 1, 1),
        ] as [(HeededAnnotations, String, UInt32, Int)])
    func onlyAnnotationsThatAreAllowedCount(
        annotations: HeededAnnotations, scheduler: String, weight: UInt32, warnings: Int
    ) {
        var policy = TranslationPolicy()
        policy.annotations = annotations
        let service = Self.service { $0.metadata.annotations["ipvsync.io/scheduler"] = "wrr" }
        var slice = EndpointSlice(
            ObjectMetadata(name: "web-1", namespace: "default", labels: [ClusterState.serviceNameLabel: "web"]),
            family: .ipv4, ports: [EndpointPort(port: 8080)], endpoints: [SliceEndpoint(address: "10.1.0.1")])
        slice.metadata.annotations["ipvsync.io/weight"] = "7"
        let index = ServiceIndex(
            [.service(service), .endpointSlice(slice)], translator: ServiceTranslator(policy: policy))
        let found = index[Self.name]!
        #expect(found.virtualServers.map(\.desired.virtualServer.scheduler.name) == [scheduler])
        #expect(found.virtualServers.first?.desired.realServers.map(\.weight) == [weight])
        #expect(found.warnings.count == warnings)
        #expect(found.warnings.allSatisfy { $0.message.contains("`services.annotations`") })
    }
}
