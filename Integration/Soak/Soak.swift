import Agent
import Configuration
import IPVS
import KubernetesAPI
import LoadBalancing
import Netlink
import Reconcile

/// Random changes from all sources in fast time, while everything goes wrong that can; and looks at what has come of it.
final class Soak {
    let figures = SoakFigures()
    let clock = SoakClock()
    let context: Context
    let random: SoakRandom
    let server: SoakServer
    let files: SoakFiles
    let intruder: SoakIntruder
    let connections: SoakConnections
    let disk: SoakDisk
    let store: LedgerStore
    /// A look at the kernel in which nothing goes wrong.
    let observer: IPVSClient
    private let family: UInt16
    private(set) var node: SoakNode
    /// What the agent has wanted at any time.
    var everWanted: Set<VirtualServerKey> = []
    /// What the other writer made and the agent has wanted since.
    var ceded: [VirtualServerKey] = []

    init(_ context: Context, seed: UInt64) throws(ScenarioFailure) {
        self.context = context
        random = SoakRandom(seed: seed)
        server = SoakServer(random: random.fork(), figures: figures)
        files = try SoakFiles(random: random.fork())
        intruder = try SoakIntruder(random: random.fork(), figures: figures)
        connections = try SoakConnections(context, figures: figures)
        disk = try SoakDisk(context, figures: figures)
        do {
            store = LedgerStore(directory: disk.directory, identity: try StateIdentity.current())
            family = try GenericNetlinkSocket.resolveFamily(IPVSClient.familyName)
            observer = IPVSClient(transport: try GenericNetlinkSocket(), family: family)
        } catch {
            throw ScenarioFailure("the soak cannot begin: \(error)")
        }
        node = try Self.makeNode(family, store, clock, server, files.configuration, random, figures)
    }

    /// Makes changes, and lets the agent do what it can about each.
    func change(_ count: Int) throws(ScenarioFailure) {
        let rate = random.one(of: [0, 0.001, 0.005, 0.02])
        node.transport.rate = rate
        let (intruder, gatecrasher) = (intruder, random.fork())
        node.transport.interlude = { if gatecrasher.happens(rate) { intruder.act() } }
        for _ in 0..<count {
            try changeOne()
            if random.happens(0.15) { intruder.act() }
            if random.happens(disk.isFull ? 0.2 : 0.02) { try disk.isFull ? disk.free() : disk.fill() }
            if random.happens(0.02) { server.forget() }
            if random.happens(0.01) { node.transport.remainingRequests = random.number(0...80) }
            clock.advance(.milliseconds(random.number(0...1500)))
            node.listen(rate: rate * 4)
            noteWanted()
            note(node.step())
            if random.happens(0.008) || node.transport.remainingRequests == 0 { try restart(rate) }
        }
    }

    /// Has something ready for the next changes: connections, and an address that somebody else has taken.
    func provoke() throws(ScenarioFailure) {
        let site = VirtualServerKey("tcp \(SoakConnections.virtualAddress):80")
        if let site, let server = node.state.desired(site), !server.realServers.isEmpty {
            try connections.renew(random.number(1...4))
        }
        let free = everWanted.filter { node.state.desired($0) == nil && intruder.foreign[$0] == nil }.sorted()
        if !free.isEmpty, random.happens(0.3) { try intruder.occupy(random.one(of: free)) }
    }

    /// Ends the agent, whatever it is doing, and starts it anew.
    func restart(_ rate: Double = 0) throws(ScenarioFailure) {
        figures.count("restart of the agent")
        let interlude = node.transport.interlude
        try replaceNode()
        node.transport.rate = rate
        node.transport.interlude = interlude
    }

    /// Counts what a step did.
    func note(_ step: AgentStep?) {
        guard let step else { return }
        figures.count("step of the loop: \(step.scope.rawValue)")
        switch step.result {
        case .failure(.kernel): figures.count("sync that failed for the kernel")
        case .failure(.state): figures.count("sync that failed for the ledger")
        case .success(let report):
            figures.count("change of the kernel's table", report.changes.count)
            if report.rounds > 1 { figures.count("sync that had to look again") }
            if !report.plan.drains.isEmpty { figures.count("look at drains") }
        }
        for drift in step.drift { figures.count("drift: \(drift.kind.rawValue)") }
    }

    /// Takes note of what the agent wants now: what another writer has put there becomes the agent's.
    func noteWanted() {
        for server in node.state.desired.virtualServers {
            everWanted.insert(server.key)
            if intruder.cede(server.key) { ceded.append(server.key) }
        }
    }

    // MARK: - Changes

    private func changeOne() throws(ScenarioFailure) {
        switch random.number(0...9) {
        case 0, 1:
            figures.count("change of the files")
            try files.change()
            node.use(files.configuration)
        case 2 where random.happens(0.3):
            figures.count("source error: an invalid configuration")
            try files.expectInvalid()
            server.change()
        default: server.change()
        }
    }

    // MARK: - The agent

    private func replaceNode() throws(ScenarioFailure) {
        node.end()
        node = try Self.makeNode(family, store, clock, server, files.configuration, random, figures)
    }

    private static func makeNode(
        _ family: UInt16, _ store: LedgerStore, _ clock: SoakClock, _ server: SoakServer,
        _ configuration: Configuration, _ random: SoakRandom, _ figures: SoakFigures
    ) throws(ScenarioFailure) -> SoakNode {
        let socket: GenericNetlinkSocket
        do throws(NetlinkError) {
            socket = try GenericNetlinkSocket()
        } catch {
            throw ScenarioFailure("no socket for the agent: \(error)")
        }
        let transport = FaultyTransport(socket, random: random.fork(), figures: figures)
        let feeds = APIResource.proxied().filter { !$0.isOptional }.map {
            SoakFeed($0, server, random: random.fork(), figures: figures)
        }
        return try SoakNode(
            IPVSClient(transport: transport, family: family), transport, store: store, clock: clock, configuration,
            feeds, random: random)
    }
}
