// swift-format-ignore-file: NeverForceUnwrap

import DataPath
import KubernetesObjects
import LoadBalancing
import Testing

@testable import ServiceTranslation

/// What a change costs, counted: the machine's speed makes no difference.
@Suite struct ChangeCostTests {
    private static func name(_ number: Int) -> ObjectName { ObjectName(namespace: "shop", name: "s\(number)") }

    private static func service(_ number: Int, _ change: (inout Service) -> Void = { _ in }) -> Service {
        var service = Service(
            ObjectMetadata(
                name: name(number).name, namespace: "shop",
                creationTimestamp: "2026-01-01T00:00:\(10 + number % 50)Z"))
        service.clusterIPs = ["10.96.\(number / 250).\(number % 250)"]
        service.ports = [ServicePort(name: "", port: 80, targetPort: .number(8080))]
        change(&service)
        return service
    }

    private static func slice(_ number: Int, _ endpoints: Int, from first: Int = 1) -> EndpointSlice {
        EndpointSlice(
            ObjectMetadata(
                name: "s\(number)-1", namespace: "shop", labels: [ClusterState.serviceNameLabel: "s\(number)"]),
            family: .ipv4, ports: [EndpointPort(port: 8080)],
            endpoints: (0..<endpoints).map {
                SliceEndpoint(address: "10.1.\(($0 + first) / 250).\(($0 + first) % 250)")
            })
    }

    private static var translator: ServiceTranslator {
        var policy = TranslationPolicy(nodeName: "n1")
        policy.keep(DataPathSettings())
        return ServiceTranslator(policy: policy)
    }

    /// A cluster in which every second Service has a warning, and every fourth loses an address to another one.
    private static func index(_ services: Int) -> ServiceIndex {
        var objects: [KubernetesObject] = []
        for number in 0..<services {
            objects.append(.endpointSlice(slice(number, 3)))
            objects.append(
                .service(
                    service(number) { service in
                        if number % 2 == 0 { service.externalIPs = ["bad"] }
                        if number % 4 == 1 { service.externalIPs = ["203.0.\(number / 800).\(number % 800 / 8)"] }
                        guard number % 8 == 7 else { return }
                        service.kind = .loadBalancer
                        service.externalTrafficPolicy = .local
                        service.healthCheckNodePort = UInt16(30_000 + number)
                    }))
        }
        var index = ServiceIndex(objects, translator: translator)
        _ = index.takeDataPathChange()
        while index.takeWarningChange().hasMore {}
        _ = index.takeHealthCheckChange()
        return index
    }

    /// What one change after the other costs in a cluster of that size.
    private static func costs(_ services: Int) -> [ServiceIndex.Work] {
        var index = index(services)
        let changes: [(inout ClusterState) -> Set<ObjectName>] = [
            { $0.set(slice(3, 4), named: ObjectName(namespace: "shop", name: "s3-1")) },
            { $0.set(service(0) { $0.externalIPs = ["worse"] }, named: name(0)) },
            { $0.set(Service?.none, named: name(1)) },
            { $0.set(service(7), named: name(7)) },
            { $0.set(service(30_000), named: name(30_000)) },
        ]
        return changes.map { change in
            let before = index.work
            index.update(change)
            _ = index.refresh()
            _ = index.takeDataPathChange()
            _ = index.takeWarningChange()
            _ = index.takeHealthCheckChange()
            return index.work.since(before)
        }
    }

    @Test func aChangeCostsTheSameInAClusterOfAnySize() {
        let (small, large) = (Self.costs(500), Self.costs(1_000))
        // Which warnings of a namespace are shown is by chance, and so is whether another one takes a place.
        func exact(_ costs: [ServiceIndex.Work]) -> [ServiceIndex.Work] {
            costs.map { cost in
                var cost = cost
                cost.warnings = 0
                return cost
            }
        }
        #expect(exact(small) == exact(large))
        for cost in small + large {
            #expect(cost.services >= 1 && cost.cost < 50 && cost.elements < 20 && cost.warnings < 20)
        }
    }

    /// An address that comes to a node, or goes, is a matter for the Services that are reached by it alone.
    @Test(arguments: [100, 10_000]) func aNodesAddressCostsTheServicesThatItServes(count: Int) {
        let ports = ServicePort(name: "", port: 80, targetPort: .number(8080), nodePort: 30_000)
        var objects = (0..<count).map { KubernetesObject.service(Self.service($0)) }
        var service = Self.service(count)
        service.kind = .nodePort
        service.ports = [ports]
        objects.append(.service(service))
        var policy = Self.translator.policy
        policy.nodeAddresses = [.of("192.0.2.1")]
        var index = ServiceIndex(objects, translator: ServiceTranslator(policy: policy))
        let before = index.work
        policy.nodeAddresses.append(.of("192.0.2.2"))
        index.use(ServiceTranslator(policy: policy))
        #expect(index.refresh() == [VirtualServerKey("tcp 192.0.2.2:30000")!])
        #expect(index.work.since(before).services == 1)
    }

    /// One endpoint of many is one element, wherever it is among the others.
    @Test(arguments: [2, 1_000, 5_000]) func anEndpointOfManyCostsOneElement(number: Int) {
        var index = ServiceIndex(
            [.service(Self.service(1)), .endpointSlice(Self.slice(1, number))], translator: Self.translator)
        _ = index.takeDataPathChange()
        let before = index.work
        var slice = Self.slice(1, number)
        slice.endpoints[number / 2] = SliceEndpoint(address: "10.1.250.1")
        index.update { $0.set(slice, named: slice.metadata.id) }
        _ = index.refresh()
        #expect(index.takeDataPathChange().added == [.hairpin(.of("10.1.250.1"))])
        #expect(index.work.since(before).elements == 2)
        slice.endpoints[number / 2] = SliceEndpoint(address: "10.1.250.2")
        let second = index.work
        index.update { $0.set(slice, named: slice.metadata.id) }
        _ = index.refresh()
        #expect(index.work.since(second).elements == 2)
    }

    /// All addresses of a port share one list of real servers, in memory too.
    @Test func addressesShareTheirRealServers() {
        var policy = TranslationPolicy(
            nodeName: "n1", nodeAddresses: [.of("192.0.2.1"), .of("192.0.2.2")])
        policy.keep(DataPathSettings())
        let service = Self.service(1) { service in
            service.externalIPs = ["203.0.113.1", "203.0.113.2"]
            service.ports[0].nodePort = 30_000
        }
        let index = ServiceIndex(
            [.service(service), .endpointSlice(Self.slice(1, 100))], translator: ServiceTranslator(policy: policy))
        let servers = index[Self.name(1)]!.virtualServers
        #expect(servers.count == 5)
        #expect(servers.allSatisfy { $0.desired.realServers.count == 100 && $0.hairpins.count == 100 })
        #expect(Set(servers.map { $0.desired.realServers.withUnsafeBytes { $0.baseAddress! } }).count == 1)
        #expect(Set(servers.map { $0.hairpins.withUnsafeBytes { $0.baseAddress! } }).count == 1)
    }

    // MARK: - Turns

    /// A change of everything is spread over turns, oldest first, and ends where one call does.
    @Test func aLargeChangeIsSpreadOverTurns() {
        var index = Self.index(500)
        var other = Self.translator.policy
        other.scheduler = Scheduler("wrr")
        var whole = index
        index.use(ServiceTranslator(policy: other))
        whole.use(ServiceTranslator(policy: other))
        let all = whole.refresh()
        #expect(index.hasMore && !whole.hasMore)
        var keys: Set<VirtualServerKey> = []
        var turns = 0
        while index.hasMore {
            let before = index.work
            let changed = index.refresh(atMost: 100)
            #expect(index.work.since(before).cost <= 100)
            if turns == 0 {
                let created = changed.compactMap { index.holder(of: $0) }
                    .map { index.cluster.services[$0]!.metadata.creationTimestamp }
                #expect(Set(created) == ["2026-01-01T00:00:10Z"])
            }
            keys.formUnion(changed)
            turns += 1
        }
        #expect(turns > 20 && keys == Set(all))
        #expect(index.desiredVirtualServers == whole.desiredVirtualServers)
        #expect(index.warnings == whole.warnings && index.dataPath == whole.dataPath)
        #expect(index.takeDataPathChange() == whole.takeDataPathChange())
    }

    /// One that costs more than a turn has is translated alone.
    @Test func aServiceThatIsTooLargeIsTranslatedAlone() {
        var index = ServiceIndex(translator: Self.translator)
        for number in 0..<3 {
            index.update { $0.set(Self.slice(number, 200), named: Self.slice(number, 1).metadata.id) }
            index.update { $0.set(Self.service(number), named: Self.name(number)) }
        }
        for left in [2, 1, 0] {
            #expect(index.refresh(atMost: 100).count == 1)
            #expect(index.hasMore == (left > 0))
        }
        #expect(index.refresh(atMost: 100).isEmpty)
    }

    /// The oldest Service takes a whole turn and changes after each one: the others have their turn all the same.
    @Test func whoChangesAllTheTimeStarvesNobody() {
        var index = ServiceIndex(translator: Self.translator)
        for number in 0..<4 { index.update { $0.set(Self.service(number), named: Self.name(number)) } }
        _ = index.refresh()
        for turn in 0..<8 {
            for number in 0..<(turn == 0 ? 4 : 1) {
                index.update { $0.set(Self.slice(number, 200 + turn), named: Self.slice(number, 1).metadata.id) }
            }
            _ = index.refresh(atMost: 100)
        }
        for number in 0..<4 {
            #expect(index[Self.name(number)]?.virtualServers.first?.desired.realServers.count ?? 0 >= 200)
        }
    }

    // MARK: - Warnings

    /// Who follows the changes of warnings knows all of them, whatever comes and goes.
    @Test func changesOfWarningsAddUp() {
        var index = ServiceIndex(translator: Self.translator)
        var known: Set<TranslationWarning> = []
        for round in 0..<40 {
            for number in 0..<30 {
                let service = Self.service(number * (1 + round % 13)) { service in
                    service.externalIPs = round % 3 == 0 ? ["bad\(round)", "bad\(round)"] : ["203.0.113.\(number % 4)"]
                    guard round % 5 == 1 else { return }
                    service.kind = .loadBalancer
                    service.externalTrafficPolicy = .local
                    service.healthCheckNodePort = UInt16(30_000 + number % 3)
                }
                index.update { $0.set((number + round) % 7 == 0 ? nil : service, named: service.metadata.id) }
            }
            _ = index.refresh(atMost: 40)
            var change = WarningChange()
            repeat {
                change = index.takeWarningChange(atMost: 25)
                for warning in change.removed { #expect(known.remove(warning) != nil) }
                for warning in change.added { #expect(known.insert(warning).inserted) }
            } while change.hasMore
            #expect(known == Set(index.warnings))
        }
        #expect(!known.isEmpty)
    }

    /// A namespace with more than are shown: the next one takes the place of one that goes.
    @Test func othersTakeThePlaceOfWarningsThatGo() {
        var index = ServiceIndex(translator: Self.translator)
        let services = (0..<WarningList.limit + 10).map { Self.service($0) { $0.externalIPs = ["bad"] } }
        for service in services { index.update { $0.set(service, named: service.metadata.id) } }
        _ = index.refresh()
        #expect(index.takeWarningChange().added.count == WarningList.limit + 1)
        let shown = index.warnings[0].object
        index.update { $0.set(Service?.none, named: shown) }
        _ = index.refresh()
        let change = index.takeWarningChange()
        #expect(change.added.count == 2 && change.removed.count == 2)
        #expect(index.warnings.last?.message.hasPrefix("9 more") == true)
        for service in services { index.update { $0.set(Service?.none, named: service.metadata.id) } }
        _ = index.refresh()
        #expect(index.takeWarningChange().removed.count == WarningList.limit + 1 && index.warnings.isEmpty)
    }

    /// Thousands that lose one address are not told one by one.
    @Test func losersOfOneAddressAreBounded() {
        var index = ServiceIndex(translator: Self.translator)
        for number in 0..<1_000 {
            index.update {
                $0.set(Self.service(number) { $0.externalIPs = ["203.0.113.1"] }, named: Self.name(number))
            }
        }
        _ = index.refresh()
        let change = index.takeWarningChange()
        #expect(change.added.count == 20 && change.added.allSatisfy { $0.message.contains("more Services claim it") })
        let before = index.work
        index.update { $0.set(Service?.none, named: Self.name(0)) }
        _ = index.refresh()
        _ = index.takeWarningChange()
        #expect(index.work.since(before).warnings < 200)
    }
}

extension ServiceIndex.Work {
    fileprivate func since(_ earlier: Self) -> Self {
        var difference = self
        difference.services -= earlier.services
        difference.cost -= earlier.cost
        difference.virtualServers -= earlier.virtualServers
        difference.elements -= earlier.elements
        difference.warnings -= earlier.warnings
        return difference
    }
}
