import DataPath
import LoadBalancing
import NodeNetwork
import Testing

private let first = IPAddress.of("10.96.0.1")
private let second = IPAddress.of("10.96.0.2")
private let sixth = IPAddress.of("2001:db8::1")
private let network = IPPrefix.of("10.96.0.0/12")
private let network6 = IPPrefix.of("2001:db8::/108")

/// One plan: what is there, what is wanted, and what comes of it.
struct VIPPlanCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var binding = VIPBinding.address
    var addresses: Set<IPAddress> = []
    var routes: [IPPrefix] = []
    let observed: ObservedVIPs
    let lines: [String]
    var elsewhere: [IPAddress: String] = [:]

    static let all = [
        VIPPlanCase(testDescription: "nothing wanted", observed: ObservedVIPs(), lines: []),
        VIPPlanCase(
            testDescription: "a first address", addresses: [sixth, second, first], observed: ObservedVIPs(),
            lines: [
                "create device ipvsync0", "add address 10.96.0.1 to ipvsync0", "add address 10.96.0.2 to ipvsync0",
                "set ipvsync0 up", "add address 2001:db8::1 to ipvsync0",
            ]),
        VIPPlanCase(
            testDescription: "IPv6 addresses come to a device that is up", addresses: [sixth, first],
            observed: ObservedVIPs(device: .ours(isUp: false), addresses: [first]),
            lines: ["set ipvsync0 up", "add address 2001:db8::1 to ipvsync0"]),
        VIPPlanCase(
            testDescription: "one comes, one goes, one stays", addresses: [first, sixth],
            observed: ObservedVIPs(device: .ours(isUp: true), addresses: [second, sixth]),
            lines: ["add address 10.96.0.1 to ipvsync0", "remove address 10.96.0.2 from ipvsync0"]),
        VIPPlanCase(
            testDescription: "a device that is down", addresses: [first],
            observed: ObservedVIPs(device: .ours(isUp: false), addresses: [first]), lines: ["set ipvsync0 up"]),
        VIPPlanCase(
            testDescription: "the last address goes, the device stays",
            observed: ObservedVIPs(device: .ours(isUp: true), addresses: [first]),
            lines: ["remove address 10.96.0.1 from ipvsync0"]),
        VIPPlanCase(
            testDescription: "another device has one", addresses: [first, second],
            observed: ObservedVIPs(device: .ours(isUp: true), elsewhere: [first: "eth0", sixth: "eth0"]),
            lines: ["add address 10.96.0.2 to ipvsync0"], elsewhere: [first: "eth0"]),
        VIPPlanCase(
            testDescription: "another device has the only one", addresses: [first],
            observed: ObservedVIPs(elsewhere: [first: "eth0"]), lines: [], elsewhere: [first: "eth0"]),
        VIPPlanCase(
            testDescription: "both have one", addresses: [first],
            observed: ObservedVIPs(
                device: .ours(isUp: true), addresses: [first], elsewhere: [first: "eth0"]),
            lines: ["remove address 10.96.0.1 from ipvsync0"], elsewhere: [first: "eth0"]),
        VIPPlanCase(
            testDescription: "routes", binding: .route, addresses: [first], routes: [network6, network, network],
            observed: ObservedVIPs(routes: [IPPrefix.of("10.0.0.0/8")]),
            lines: [
                "add local route 10.96.0.0/12", "add local route 2001:db8::/108", "remove local route 10.0.0.0/8",
            ]),
        VIPPlanCase(
            testDescription: "from addresses to routes", binding: .route, addresses: [first], routes: [network],
            observed: ObservedVIPs(device: .ours(isUp: true), addresses: [first]),
            lines: ["add local route 10.96.0.0/12", "remove device ipvsync0"]),
        VIPPlanCase(
            testDescription: "from routes to addresses", addresses: [first], routes: [network],
            observed: ObservedVIPs(routes: [network]),
            lines: [
                "create device ipvsync0", "add address 10.96.0.1 to ipvsync0", "set ipvsync0 up",
                "remove local route 10.96.0.0/12",
            ]),
        VIPPlanCase(
            testDescription: "to nothing", binding: .none, addresses: [first], routes: [network],
            observed: ObservedVIPs(device: .ours(isUp: true), addresses: [first], routes: [network]),
            lines: ["remove local route 10.96.0.0/12", "remove device ipvsync0"]),
        VIPPlanCase(
            testDescription: "routes beside another's device", binding: .route, routes: [network],
            observed: ObservedVIPs(device: .foreign), lines: ["add local route 10.96.0.0/12"]),
    ]
}

@Suite struct VIPPlanTests {
    @Test(arguments: VIPPlanCase.all)
    func plans(_ sample: VIPPlanCase) throws {
        let plan = try VIPPlan.between(
            binding: sample.binding, addresses: sample.addresses, routes: sample.routes, observed: sample.observed)
        #expect(plan.lines == sample.lines)
        #expect(plan.elsewhere == sample.elsewhere)
        #expect(plan.isEmpty == sample.lines.isEmpty)
    }

    @Test func anothersDeviceIsRefused() {
        #expect(throws: VIPPlanError.deviceIsForeign(name: "vips")) {
            try VIPPlan.between(
                binding: .address, addresses: [first], routes: [], device: "vips",
                observed: ObservedVIPs(device: .foreign, routes: [network]))
        }
        #expect(
            VIPPlanError.deviceIsForeign(name: "vips").description.contains("device vips that ipvsync has not made"))
    }

    @Test func cleanupRemovesOursOnly() {
        let ours = ObservedVIPs(device: .ours(isUp: false), addresses: [first], routes: [network])
        #expect(
            VIPPlan.cleanup(observed: ours).lines == ["remove local route 10.96.0.0/12", "remove device ipvsync0"])
        let others = ObservedVIPs(device: .foreign, elsewhere: [first: "ipvsync0"])
        #expect(VIPPlan.cleanup(observed: others).isEmpty)
        #expect(VIPPlan.cleanup(observed: ObservedVIPs()).isEmpty)
    }
}
