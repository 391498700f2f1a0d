import Glibc
import LoadBalancing

extension Scenario {
    /// Masqueraded connections outlive the rules that masqueraded them.
    static let tracking: [Scenario] =
        ["legacy", "nft"].map { variant in
            Scenario(
                "takeover: without a firewall of ours, masqueraded connections live on (\(variant))",
                tags: [.fullKernel], timeLimit: .seconds(600)
            ) { context in
                let site = try MasqueradedSite(context, variant: variant)
                let before = try site.takeover.node.observed()
                try refuseWithoutProgram(site)
                let preview = try site.takeover.takeover("--dry-run")
                try expect(preview.output.contains("keeps connection tracking on for 16 open"), preview.output)
                try expectEqual(try site.takeover.node.observed(), before, "the node so far")
                try site.takeover.takeover()
                try site.expectLife()
                try site.takeover.expectOnlyOthers()
                // They do after another run, which has nothing to hold.
                try site.takeover.takeover()
                try site.expectLife()
                try site.end()
                try context.eventually("nothing is kept any more") { () throws(ScenarioFailure) in
                    try site.takeover.takeover()
                    return try !site.keepsTracking
                }
            }
        } + [
            Scenario(
                "takeover: without a firewall of ours, an agent lets go of the last masqueraded connection",
                tags: [.fullKernel], timeLimit: .seconds(600)
            ) { context in
                let site = try MasqueradedSite(context, variant: "legacy")
                let agent = try site.startAgent()
                try site.takeover.takeover()
                try site.expectLife()
                try site.end()
                try context.eventually("nothing is kept any more\n\(agent.error)", timeLimit: .seconds(60)) {
                    () throws(ScenarioFailure) in
                    try !site.keepsTracking
                }
            }
        ]
        + [("firewall: false", Lab.configuration() + "  firewall: false\n"), ("network: off", "network: off\n")].map {
            (name, text) in
            Scenario(
                "data path: masqueraded connections live on when an agent gets \(name)", tags: [.fullKernel],
                timeLimit: .seconds(600)
            ) { context in
                let site = try SwitchedSite(context)
                let configuration =
                    name == "network: off"
                    ? "virtualServers: []\nsyncInterval: 1s\ntelemetry: {listen: \"127.0.0.1:10249\"}\n" + text : text
                try context.write(configuration, to: "node.yaml")
                try context.eventually("our rules have gone\n\(site.agent.error)", timeLimit: .seconds(60)) {
                    () throws(ScenarioFailure) in
                    try !context.tables().contains("table inet ipvsync")
                }
                try expect(
                    try context.tables().contains("table inet ipvsync-tracking"), "tracking is not kept on")
                try site.connections.expectLife()
                try site.connections.end()
                try context.eventually("nothing is kept any more\n\(site.agent.error)", timeLimit: .seconds(60)) {
                    () throws(ScenarioFailure) in
                    try !context.tables().contains("table inet ipvsync-tracking")
                }
            }
        }

    /// Without `nft` nothing can be kept: nothing is changed, unless that is asked for.
    private static func refuseWithoutProgram(_ site: MasqueradedSite) throws(ScenarioFailure) {
        let context = site.takeover.context
        let nothing = try context.write("", to: "nothing")
        // The scenario's process has mounts of its own.
        try context.run(["mount", "--bind", nothing, "/usr/sbin/nft"])
        let refusal = try site.takeover.takeover(status: 1)
        try context.run(["umount", "/usr/sbin/nft"])
        for text in ["16 open connections that were masqueraded or redirected would be cut", "--allow-connection-loss"]
        {
            try expect(refusal.error.contains(text), refusal.description)
        }
        try site.expectLife()
    }
}

/// Connections from outside that a node masquerades, eight to each address of its node port.
private struct MasqueradedConnections {
    private let traffic: Traffic

    init(_ lab: Lab, _ service: LabService) throws(ScenarioFailure) {
        let targets = try AddressFamily.allCases.map { (family) throws(ScenarioFailure) in
            try SocketAddress(LabPlace.uplink(family), port: service.nodePort)
        }
        traffic = try lab.traffic(
            from: .outside, AddressFamily.allCases.flatMap(LabPlace.outsideAddresses), to: targets)
        try traffic.openLongConnections(8)
    }

    /// Waits until each has been answered again, and expects that none has broken.
    func expectLife() throws(ScenarioFailure) {
        let before = traffic.report.longConnections.map(\.answers)
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let report = traffic.report
            try expect(report.brokenConnections.isEmpty, "\(report.brokenConnections.count) of 16 cut\n\(report)")
            if zip(before, report.longConnections).allSatisfy({ $0 + 3 <= $1.answers }) { return }
            try expect(.now < deadline, "no answers any more\n\(report)")
            usleep(50_000)
        }
    }

    /// Ends them, none of which may have broken.
    func end() throws(ScenarioFailure) {
        try traffic.closeLongConnections()
        let report = try traffic.finish()
        try expect(report.brokenConnections.isEmpty, "\(report)")
    }
}

/// A node that kube-proxy masqueraded connections on, to be taken over without a firewall of ours.
private struct MasqueradedSite {
    let takeover: TakeoverSite
    private let connections: MasqueradedConnections

    init(_ context: Context, variant: String) throws(ScenarioFailure) {
        takeover = try TakeoverSite(context, variant: variant)
        connections = try MasqueradedConnections(takeover.lab, takeover.service)
        try context.write(Self.configuration, to: "node.yaml")
    }

    private static let configuration = Lab.configuration() + "  firewall: false\n"

    func startAgent() throws(ScenarioFailure) -> RunningCommand {
        let context = takeover.context
        let agent = try context.startIPVSync(
            "--manifests", takeover.lab.manifestDirectory, "--node", "node1", "--config",
            "\(context.directory)/node.yaml")
        try agent.waitForText("ready", timeLimit: .seconds(60))
        return agent
    }

    var keepsTracking: Bool {
        get throws(ScenarioFailure) { try takeover.context.tables().contains("table inet ipvsync-tracking") }
    }

    func expectLife() throws(ScenarioFailure) { try connections.expectLife() }
    func end() throws(ScenarioFailure) { try connections.end() }
}

/// A node that an agent of ours masquerades connections on.
private struct SwitchedSite {
    private let lab: Lab
    let agent: RunningCommand
    let connections: MasqueradedConnections

    init(_ context: Context) throws(ScenarioFailure) {
        lab = try Lab(context, serving: [.a, .c])
        let service = LabService(name: "web", number: 1, type: "NodePort", endpoints: [.a, .c], hasNodePort: true)
        agent = try lab.startAgent([service])
        try agent.waitForText("ready", timeLimit: .seconds(60))
        connections = try MasqueradedConnections(lab, service)
    }
}

extension Context {
    /// nftables' tables, as `table inet ipvsync`.
    fileprivate func tables() throws(ScenarioFailure) -> [String] { try run(["nft", "list", "tables"]).outputLines }
}
