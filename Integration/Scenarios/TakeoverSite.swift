import Glibc
import LoadBalancing

/// The lab's node as kube-proxy leaves it, with one Service and traffic to it from a pod and from outside.
final class TakeoverSite {
    let context: Context
    let lab: Lab
    let node: KubeProxyNode
    let service = LabService(name: "web", number: 1, type: "NodePort", endpoints: [.a, .c], hasNodePort: true)
    /// The kubelet's rules and others'.
    private let otherRules: [String]
    private var traffic: [LabPlace: Traffic] = [:]

    init(_ context: Context, variant: String) throws(ScenarioFailure) {
        self.context = context
        lab = try Lab(context, serving: [.a, .c])
        node = KubeProxyNode(lab: lab, service: service, variant: variant)
        try node.make()
        otherRules = try node.otherRules()
        try lab.declare([service])
        try context.write(Lab.configuration(), to: "node.yaml")
    }

    /// Expects nothing of kube-proxy's, and everything of others.
    func expectOnlyOthers() throws(ScenarioFailure) { try node.expectOnlyOthers(otherRules) }

    /// Runs `ipvsync takeover` and expects an exit status.
    @discardableResult
    func takeover(
        _ arguments: String..., status: Int32 = 0, file: StaticString = #fileID, line: Int = #line
    ) throws(ScenarioFailure) -> CommandResult {
        let result = try Command(
            [
                context.ipvsync, "takeover", "--manifests", lab.manifestDirectory, "--node", "node1", "--config",
                "\(context.directory)/node.yaml",
            ] + arguments
        ).run()
        try expectEqual(result.status, .exited(status), "\(result)\nexit status", file: file, line: line)
        return result
    }

    /// Begins traffic of both families: from a pod to the cluster IP, from outside to the node port.
    func startTraffic() throws(ScenarioFailure) {
        let outside = AddressFamily.allCases.flatMap(LabPlace.outsideAddresses)
        let node = AddressFamily.allCases.map { (LabPlace.uplink($0), service.nodePort) }
        let cluster = AddressFamily.allCases.map { (service.clusterIP($0), LabService.port) }
        try start(.outside, outside, node)
        try start(.b, AddressFamily.allCases.map { LabPlace.b.address($0) }, cluster)
    }

    private func start(
        _ place: LabPlace, _ sources: [String], _ targets: [(String, UInt16)]
    ) throws(ScenarioFailure) {
        let namespace = try require(lab.namespace(place), "\(place) is the node")
        let addresses = try targets.map { (host, port) throws(ScenarioFailure) in try SocketAddress(host, port: port) }
        let traffic = try Traffic(from: sources, to: addresses, in: namespace)
        try traffic.openLongConnections(2)
        // Few enough for an emulated CPU that has ipvsync and iptables to run beside them.
        traffic.openNewConnections(perSecond: 10)
        self.traffic[place] = traffic
    }

    /// Waits until so many new connections of everybody, begun in the present phase, have been answered.
    func waitForAnswers(_ count: Int) throws(ScenarioFailure) {
        for traffic in traffic.values { try traffic.waitForAnswers(count) }
    }

    func beginPhase() {
        for traffic in traffic.values { traffic.beginPhase() }
    }

    /// Ends the traffic, of which nothing may have failed; and in its last phase, clients have to be seen as they should.
    func finishTraffic(lastPhase: Int) throws(ScenarioFailure) {
        for (place, traffic) in traffic.sorted(by: { $0.key < $1.key }) {
            let report = try traffic.finish()
            for phase in 0...lastPhase {
                StandardStream.output.writeLine("from \(place), phase \(phase): \(report.new(phase: phase))")
            }
            try report.expectFlawless(minimum: 50)
            // A server answers with its name and the client's address.
            let seen = Set(report.new(phase: lastPhase).servers)
            let clients = AddressFamily.allCases.flatMap { family in
                place == .b ? [LabPlace.b.address(family)] : Array(LabPlace.nodeAddresses(family))
            }
            let expected = Set(["a", "c"].flatMap { name in clients.map { "\(name) \($0)" } })
            try expect(!seen.isEmpty && seen.isSubset(of: expected), "from \(place): \(seen.sorted())")
        }
    }

    /// Starts an agent that keeps what is declared, and waits until it has made everything.
    func startAgent() throws(ScenarioFailure) -> RunningCommand {
        let agent = try lab.startAgent([service])
        try context.eventually("the agent's addresses") { () throws(ScenarioFailure) in
            let shown = try Command(["ip", "address", "show", "dev", "ipvsync0"]).run().output
            return AddressFamily.allCases.allSatisfy { shown.contains(service.clusterIP($0)) }
        }
        return agent
    }
}
