import Documents
import Glibc

extension Lab {
    /// The node's configuration: Services' addresses on the VIP device, and what else their packets need.
    ///
    /// - Parameter virtualServers: Those of the file itself.
    static func configuration(virtualServers: String = "[]") -> String {
        let networks = clusterCIDRs.map { "\"\($0)\"" }.joined(separator: ", ")
        return """
            virtualServers: \(virtualServers)
            syncInterval: 1s
            minSyncInterval: 0s
            telemetry: {listen: "127.0.0.1:10249"}
            network:
              vipBinding: address
              clusterCIDRs: [\(networks)]

            """
    }

    var manifestDirectory: String { "\(context.directory)/manifests" }

    /// Puts manifests in the place of the last ones, all at once.
    func declare(_ services: [LabService]) throws(ScenarioFailure) {
        mkdir(manifestDirectory, 0o755)
        let next = try context.write(services.map(\.manifests).joined(), to: "services.yaml.new")
        let path = "\(manifestDirectory)/services.yaml"
        guard rename(next, path) == 0 else { throw SystemCall.failure(path) }
    }

    /// Has ipvsync bring about these Services, once.
    ///
    /// - Parameters:
    ///   - virtualServers: More of them, in the configuration.
    ///   - status: The exit status that this has to have.
    func program(
        _ services: [LabService], beside virtualServers: String = "[]", status: Int32 = 0
    ) throws(ScenarioFailure) {
        try declare(services)
        let configuration = try writeConfiguration(virtualServers)
        let result = try Command([
            context.ipvsync, "--once", "--manifests", manifestDirectory, "--node", "node1", "--config", configuration,
            "--quiet",
        ]).run()
        try expectEqual(result.status, .exited(status), result.description)
    }

    /// Starts an agent with these Services.
    func startAgent(_ services: [LabService]) throws(ScenarioFailure) -> RunningCommand {
        try declare(services)
        let configuration = try writeConfiguration()
        return try context.startIPVSync(
            "--manifests", manifestDirectory, "--node", "node1", "--config", configuration)
    }

    /// Writes the node's configuration.
    ///
    /// - Returns: Its path.
    func writeConfiguration(_ virtualServers: String = "[]") throws(ScenarioFailure) -> String {
        try context.write(Self.configuration(virtualServers: virtualServers), to: "node.yaml")
    }

    /// Has an API server hold a Service and its slices as they are now.
    func tell(_ server: APIServerStandIn, _ service: LabService) throws(ScenarioFailure) { try server.tell(service) }

    /// Waits until a question has this outcome.
    func eventually(
        _ question: LabQuestion, timeLimit: Duration = Patience.step, agent: RunningCommand? = nil,
        file: StaticString = #fileID, line: Int = #line, _ isExpected: (LabOutcome) -> Bool
    ) throws(ScenarioFailure) {
        let timeLimit = max(timeLimit, Patience.step)
        let deadline = ContinuousClock.now + timeLimit
        while true {
            let outcome = try ask([question])[0]
            if isExpected(outcome) { return }
            guard ContinuousClock.now < deadline else {
                let log = agent.map { $0.output + $0.error } ?? ""
                throw ScenarioFailure("after \(timeLimit) still: \(outcome)\n\(log)", file: file, line: line)
            }
            usleep(50_000)
        }
    }
}

extension APIServerStandIn {
    /// Holds a Service and its slices as they are now.
    func tell(_ service: LabService) throws(ScenarioFailure) {
        do {
            for node in try YAMLNode.documents(in: service.manifests) {
                let resource = node["kind"]?.scalar?.text == "Service" ? "services" : "endpointslices"
                tell("{\"set\":\"\(resource)\",\"object\":\(Document(node).json(pretty: false))}")
            }
        } catch {
            throw ScenarioFailure("\(error) in: \(service.manifests)")
        }
    }
}
