import DataPath
import Glibc
import KubernetesObjects
import LoadBalancing
import ServiceTranslation

/// How long the longest turn of a loop is that translates a large change a part at a time.
struct TurnBench {
    /// What is measured, in milliseconds of processor time.
    struct Figures {
        let name: String
        var turns = 0
        /// Taking note of the change.
        var note = 0.0
        /// The longest translation of a turn.
        var refresh = 0.0
        /// The longest look at what changed beside the virtual servers, and at warnings.
        var follow = 0.0

        var text: String {
            let parts = [("noting", note), ("longest translation", refresh), ("longest look at changes", follow)]
            return "\(name): \(turns) turns, "
                + parts.map { "\($0) \(($1 * 10).rounded() / 10) ms" }.joined(separator: ", ")
        }
    }

    func measure() -> [Figures] {
        [sourceRanges, ports, endpoints, oneEndpoint, policy]
    }

    private var translator: ServiceTranslator {
        var policy = TranslationPolicy(nodeName: "n1", nodeAddresses: [IPAddress(v4: 0xC000_0201)])
        policy.keep(DataPathSettings(firewall: FirewallSettings()))
        return ServiceTranslator(policy: policy)
    }

    private func measure(
        _ name: String, _ index: inout ServiceIndex, _ change: (inout ServiceIndex) -> Void
    ) -> Figures {
        var figures = Figures(name: name)
        func milliseconds(_ work: () -> Void) -> Double {
            let begin = Self.processorTime
            work()
            return (Self.processorTime - begin) * 1e3
        }
        figures.note = milliseconds { change(&index) }
        var hasMore = true
        while hasMore {
            figures.turns += 1
            figures.refresh = max(
                figures.refresh, milliseconds { _ = index.refresh(atMost: ServiceIndex.turnCost) })
            figures.follow = max(
                figures.follow,
                milliseconds {
                    _ = index.takeDataPathChange()
                    _ = index.takeHealthCheckChange()
                    hasMore = index.takeWarningChange().hasMore || index.hasMore
                })
        }
        return figures
    }

    private func measure(_ name: String, _ objects: [KubernetesObject]) -> Figures {
        var index = ServiceIndex(translator: translator)
        return measure(name, &index) { index in
            for object in objects { index.update { $0.set(object) } }
        }
    }

    /// Seconds of this thread's: what else the machine does makes no difference.
    private static var processorTime: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: Changes

    private var sourceRanges: Figures {
        measure(
            "20 Services of 1,000 source ranges",
            (0..<20).flatMap { number in
                var service = service(number, ports: 10)
                service.kind = .loadBalancer
                service.loadBalancerIngress = [LoadBalancerIngress(ip: "203.0.113.\(number + 1)")]
                service.loadBalancerSourceRanges = (0..<1_000).map { "100.\(number).\($0 / 250).\($0 % 250)/32" }
                return [KubernetesObject.service(service), .endpointSlice(slice(number, 10))]
            })
    }

    private var ports: Figures {
        measure(
            "2,000 Services of 10 ports",
            (0..<2_000).flatMap { [.service(service($0, ports: 10)), .endpointSlice(slice($0, 10))] })
    }

    private var endpoints: Figures {
        measure(
            "a Service of 10,000 endpoints and 10 ports",
            [.service(service(1, ports: 10))] + (0..<10).map { .endpointSlice(slice(1, 1_000, part: $0)) })
    }

    private var oneEndpoint: Figures {
        var index = ServiceIndex(
            [.service(service(1, ports: 10))] + (0..<10).map { .endpointSlice(slice(1, 1_000, part: $0)) },
            translator: translator)
        _ = index.takeDataPathChange()
        return measure("one endpoint of that", &index) { index in
            var slice = slice(1, 1_000, part: 3)
            slice.endpoints[500] = SliceEndpoint(address: "10.250.0.1", nodeName: "n1")
            index.update { $0.set(.endpointSlice(slice)) }
        }
    }

    private var policy: Figures {
        var index = ServiceIndex(
            (0..<50_000).flatMap { [.service(service($0, ports: 1)), .endpointSlice(slice($0, 10))] },
            translator: translator)
        _ = index.takeDataPathChange()
        return measure("another policy for 50,000 Services", &index) { index in
            var policy = index.policy
            policy.scheduler = Scheduler("wrr")
            index.use(ServiceTranslator(policy: policy))
        }
    }

    private func service(_ number: Int, ports: Int) -> Service {
        var service = Service(
            ObjectMetadata(
                name: "s\(number)", namespace: "bench\(number % 100)", creationTimestamp: "2026-01-01T00:00:00Z"))
        service.clusterIPs = ["10.\(96 + number / 62_500).\(number / 250 % 250).\(number % 250)"]
        service.ports = (0..<ports).map {
            ServicePort(name: "p\($0)", port: UInt16(80 + $0), targetPort: .number(8080))
        }
        return service
    }

    private func slice(_ number: Int, _ endpoints: Int, part: Int = 0) -> EndpointSlice {
        EndpointSlice(
            ObjectMetadata(
                name: "s\(number)-\(part)", namespace: "bench\(number % 100)",
                labels: [ClusterState.serviceNameLabel: "s\(number)"]),
            family: .ipv4, ports: (0..<10).map { EndpointPort(name: "p\($0)", port: UInt16(8_000 + $0)) },
            endpoints: (0..<endpoints).map { endpoint in
                SliceEndpoint(
                    address: "10.\(128 + part).\(endpoint / 250).\(endpoint % 250)", nodeName: "n\(endpoint % 3)")
            })
    }
}
