import HTTPService
import Telemetry
import Testing

@Suite struct DescriptorBudgetTests {
    @Test(arguments: [256, 512, 1024, 4096, 16_384, 65_536, 1 << 20, Int.max])
    func isNeverMoreThanThereIs(limit: Int) {
        let budget = DescriptorBudget(limit: limit)
        let servers = [
            budget.telemetry, budget.local, budget.healthChecks, budget.kubeProxy, budget.kubeProxy,
        ].map(\.descriptors).reduce(0, +)
        #expect(servers + budget.reserve + budget.healthCheckPorts <= limit)
        #expect(budget.reserve >= min(256, limit / 4) && budget.healthCheckPorts >= limit / 4)
        #expect(budget.telemetry.places >= 16)
    }

    @Test func whatTheGuideSays() {
        #expect(DescriptorBudget(limit: 1024).healthCheckPorts == 386)
        #expect(DescriptorBudget(limit: 16_384).healthCheckPorts == 12_642)
    }

    @Test func namespacesShareHealthCheckPorts() {
        func checks(_ namespace: String, _ ports: ClosedRange<UInt16>) -> [UInt16: HealthCheckCount] {
            Dictionary(
                uniqueKeysWithValues: ports.map {
                    ($0, HealthCheckCount(namespace: namespace, name: "s\($0)", localEndpoints: 1))
                })
        }
        var all = checks("hog", 30_000...31_000)
        #expect(HealthCheckPorts.share(2000, among: all) == Set(all.keys))
        all.merge(checks("small", 31_500...31_503)) { first, _ in first }
        all.merge(checks("smaller", 32_000...32_000)) { first, _ in first }
        let served = HealthCheckPorts.share(100, among: all)
        #expect(served.count == 100 && served.isSuperset(of: 31_500...31_503) && served.contains(32_000))
        #expect(served.isSuperset(of: 30_000...30_094))
        #expect(HealthCheckPorts.share(2, among: all) == [30_000, 31_500])
        #expect(HealthCheckPorts.share(0, among: all).isEmpty)
    }
}
