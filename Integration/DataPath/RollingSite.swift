import Glibc
import LoadBalancing

/// A lab with one Service that is asked all the time, by a pod and from outside, while its pods are replaced.
final class RollingSite {
    private let lab: Lab
    private var service = LabService(name: "web", number: 1, type: "NodePort", endpoints: pods, hasNodePort: true)
    private var agent: RunningCommand
    private var traffic: [(client: LabPlace, traffic: Traffic)] = []
    private var phase = 0

    /// The pods that are replaced, on two nodes.
    static let pods: [LabPlace] = [.a, .b, .c]
    /// So many of each client in each family: two for each pod.
    private static let longConnections = 6
    /// New connections a second of each client in each family.
    private static let rate = 10

    init(_ context: Context) throws(ScenarioFailure) {
        lab = try Lab(context, serving: Set(Self.pods))
        for pod in Self.pods { try lab.serveSuccessor(of: pod) }
        agent = try lab.startAgent([service])
        try eventually("the pods", coming: Self.pods.map { $0.address(.ipv4) }, leaving: [])
    }

    // MARK: - Traffic

    /// A pod of the node asks the cluster IP, and a client outside the node port.
    func startTraffic() throws(ScenarioFailure) {
        try start(.d, AddressFamily.allCases.map { [LabPlace.d.address($0)] }) { service.clusterIP($0) }
        try start(.outside, AddressFamily.allCases.map(LabPlace.outsideAddresses)) { LabPlace.uplink($0) }
        try waitForAnswers(20)
    }

    private func start(
        _ client: LabPlace, _ sources: [[String]], _ host: (AddressFamily) -> String
    ) throws(ScenarioFailure) {
        let port = client == .outside ? service.nodePort : LabService.port
        let targets = try AddressFamily.allCases.map { (family) throws(ScenarioFailure) in
            try SocketAddress(host(family), port: port)
        }
        // The addresses come last.
        for target in targets {
            let question = try LabQuestion(from: client, to: target.host, port: port)
            try lab.eventually(question, agent: agent) { $0.server != nil }
        }
        let traffic = try lab.traffic(from: client, sources.flatMap(\.self), to: targets)
        try traffic.openLongConnections(Self.longConnections)
        traffic.openNewConnections(perSecond: Self.rate)
        self.traffic.append((client, traffic))
    }

    // MARK: - Replacement

    /// Replaces a pod: the new one comes, the old one is about to end and goes on serving, and is listed no more.
    ///
    /// - Parameter signal: Ends the agent before, which then learns of it when it is back.
    func replace(_ pod: LabPlace, restartingBy signal: Int32?) throws(ScenarioFailure) {
        if let signal { try endAgent(signal) }
        service.endpoints.removeAll { $0 == pod }
        service.terminating.append(pod)
        service.successors.append(pod)
        try lab.declare([service])
        if signal != nil {
            // Meanwhile connections go on to what was there.
            beginPhase()
            try waitForAnswers(10)
            agent = try lab.startAgent([service])
        }
        try eventually(
            "the one after \(pod)", coming: [pod.successorAddress(.ipv4)], leaving: [pod.address(.ipv4)])
        try expectServers()
        service.terminating.removeAll { $0 == pod }
        try lab.declare([service])
        beginPhase()
        try waitForAnswers(10)
    }

    private func beginPhase() {
        phase += 1
        for (_, traffic) in traffic { traffic.beginPhase() }
    }

    /// Waits until so many new connections of everybody, begun in the present phase, have been answered.
    private func waitForAnswers(_ count: Int) throws(ScenarioFailure) {
        for (_, traffic) in traffic { try traffic.waitForAnswers(count) }
    }

    private func endAgent(_ signal: Int32) throws(ScenarioFailure) {
        agent.send(signal)
        let result = try agent.wait()
        if signal == SIGTERM { try expect(result.succeeded, result.description) }
    }

    /// Waits until the kernel sends new connections to some pods, and none to others.
    private func eventually(
        _ subject: String, coming: [String], leaving: [String]
    ) throws(ScenarioFailure) {
        let port = Lab.port
        try lab.context.eventually("\(subject)\n\(agent.error)") {
            () throws(ScenarioFailure) in
            let weighted = try lab.context.ipvsadmSave().filter { !$0.hasSuffix("-w 0") }
            func count(_ host: String) -> Int { weighted.count { $0.contains("-r \(host):\(port) ") } }
            // A cluster IP and a node port; the addresses of one family may come and go before those of the other.
            return coming.allSatisfy { count($0) == 2 } && leaving.allSatisfy { count($0) == 0 }
        }
    }

    /// What is begun from now on meets the pods that are listed as ready, and no others; outside, with a node's address.
    private func expectServers() throws(ScenarioFailure) {
        beginPhase()
        // Three pods for each pod that takes turns.
        try waitForAnswers(20)
        let expected = service.endpoints.map(\.rawValue) + service.successors.map(Lab.successorName)
        for (client, traffic) in traffic {
            let answers = traffic.report.new(phase: phase).servers.map { $0.split(separator: " ").map(String.init) }
            try expectEqual(Set(answers.compactMap(\.first)).sorted(), expected.sorted(), "servers of \(client)")
            let seen = Set(answers.compactMap(\.last))
            let clients = AddressFamily.allCases.flatMap { client == .d ? [client.address($0)] : [] }
            let nodes = AddressFamily.allCases.flatMap(LabPlace.nodeAddresses)
            try expect(seen.isSubset(of: client == .d ? clients : nodes), "\(client) is seen as \(seen)")
        }
    }

    /// Ends the scenario as failed unless every connection of everybody went well; tells how many there were.
    func finish() throws(ScenarioFailure) {
        for (client, traffic) in traffic {
            StandardStream.output.writeLine("from \(client):")
            let report = try traffic.finish()
            // A slow machine sends first packets again that were not lost, of which nobody tells.
            try report.expectFlawless(mayLose: true)
            let held = report.longConnections.compactMap { $0.server?.split(separator: " ").first.map(String.init) }
            try expectEqual(Set(held).sorted(), Self.pods.map(\.rawValue), "servers of long-lived connections")
        }
    }
}
